//! A log file that is in the page cache: what is measured is reading and counting,
//! and no disk.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process;

use mapped_file::count_log;

/// What is done.
pub const WHAT: &str = "2 workers count the words of a log file of 4 MiB";

const WORKERS: usize = 2;
const LINES: usize = 80_000;

/// A file that is removed with it.
pub struct Log {
    path: PathBuf,
}

/// Writes the file. One is removed before the next is written.
pub fn prepare() -> Log {
    let levels = ["INFO", "WARN", "DEBUG", "ERROR"];
    let line = |n: usize| {
        let level = levels[n % levels.len()];
        format!(
            "10:15:{:02} {level} request {n} of the shop is done after 12 ms\n",
            n % 60
        )
    };
    let text: String = (0..LINES).map(line).collect();
    let path = env::temp_dir().join(format!("wt-bench-{}.log", process::id()));
    fs::write(&path, text).expect("the temporary folder can be written to");
    Log { path }
}

/// Counts, and adds the counts up.
pub fn run(log: &Log) -> u64 {
    let counts = count_log(&log.path, WORKERS).expect("the file is there");
    counts.lines + 3 * counts.words + 5 * counts.error
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
