//! A log of 1 GiB that is in the page cache, beside tools that everybody has.

use std::env;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::{self, Command};

use log_service::{Config, Level, Service};

/// What is done.
pub const WHAT: &str = "2 workers count the levels of a log of 1 GiB";

const BYTES: usize = 1 << 30;
const CONFIG: Config = Config {
    workers: 2,
    queue: 2,
    piece: 256 << 10,
    in_flight: 1 << 20,
};

/// A file that is removed with it.
pub struct Log {
    path: PathBuf,
}

/// Writes the file. One is removed before the next is written.
pub fn prepare() -> Log {
    let path = env::temp_dir().join(format!("wt-bench-{}.log", process::id()));
    let log = Log { path };
    write(&log).unwrap_or_else(|error| panic!("{} needs 1 GiB: {error}", log.path.display()));
    log
}

fn write(log: &Log) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(&log.path)?);
    let mut written = 0;
    for number in 0_usize.. {
        if written >= BYTES {
            break;
        }
        let level = match number % 16 {
            7 => "ERROR",
            n => ["INFO", "DEBUG", "INFO", "WARN"][n % 4],
        };
        let (minute, second, ms) = (number / 60 % 60, number % 60, number % 97);
        let line = format!("10:{minute:02}:{second:02} {level} request {number} took {ms} ms\n");
        file.write_all(line.as_bytes())?;
        written += line.len();
    }
    file.flush()
}

/// Counts, and adds the counts up.
pub fn run(log: &Log) -> u64 {
    let service = Service::start(CONFIG, level);
    let ticket = service.submit(&log.path).expect("the service runs");
    let report = ticket.wait().expect("the file can be read");
    service.stop();
    let weighted = (1..).zip(report.levels).map(|(weight, count)| weight * count);
    weighted.sum::<u64>() + 5 * report.bad
}

fn level(line: &[u8]) -> Option<Level> {
    match line.get(9)? {
        b'E' => Some(Level::Error),
        b'W' => Some(Level::Warn),
        b'I' => Some(Level::Info),
        b'D' => Some(Level::Debug),
        _ => None,
    }
}

/// Others that read the whole file: one counts the lines, the other those with a level.
pub fn rivals(log: &Log) -> Vec<(&'static str, Command)> {
    let (mut wc, mut rg) = (Command::new("wc"), Command::new("rg"));
    wc.arg("-l").arg(&log.path);
    rg.args(["-c", " (ERROR|WARN|INFO|DEBUG) "]).arg(&log.path);
    vec![("wc -l", wc), ("rg -c", rg)]
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
