//! One file, three parts, three threads.
//!
//! Each line takes 4 ticks. The parts are cut at line ends, so they differ a little.

use std::time::Duration;

use mapped_file::map_parts;
use wt_check::trace::span;
use wt_core::thread;

const LINES: usize = 20;

pub fn scenario() {
    let path = std::env::temp_dir().join(format!("wt-trace-{}", std::process::id()));
    std::fs::write(&path, "INFO a line\n".repeat(LINES)).expect("a file can be written");
    let parts = map_parts(&path, 3, |part| {
        let lines = part.split_inclusive(|&byte| byte == b'\n').count();
        work(&format!("{lines} lines"), 4 * lines as u64);
        lines
    });
    // Before the assertions: the file goes in any case.
    std::fs::remove_file(&path).expect("the file is there");
    let lines: usize = parts.expect("the file can be mapped").iter().sum();
    assert_eq!(lines, LINES, "every line once");
}

fn work(name: &str, ticks: u64) {
    span(name, || thread::sleep(Duration::from_millis(ticks)));
}
