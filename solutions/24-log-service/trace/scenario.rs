//! One file in four pieces, three workers, and a budget for two pieces.
//!
//! A line takes 6 ticks. The reader hands out a piece when the budget has room for it,
//! so the third worker has nothing to do while two pieces are in flight.

use std::time::Duration;

use log_service::{Config, Level, Service};
use wt_check::trace::span;
use wt_core::thread;

const LINE: &str = "10:15:00 INFO a line\n";
const LINES: usize = 12;

pub fn scenario() {
    let path = std::env::temp_dir().join(format!("wt-trace-{}", std::process::id()));
    std::fs::write(&path, LINE.repeat(LINES)).expect("a file can be written");
    let piece = 3 * LINE.len();
    let config = Config {
        workers: 3,
        queue: 2,
        piece,
        in_flight: 2 * piece,
    };
    let service = Service::start(config, |line| {
        span("a line", || thread::sleep(Duration::from_millis(6)));
        Level::of(line)
    });
    let report = service.submit(&path).expect("the service runs").wait();
    service.stop();
    // Before the assertions: the file goes in any case.
    std::fs::remove_file(&path).expect("the file is there");
    let levels = report.expect("the file can be read").levels;
    assert_eq!(levels.iter().sum::<u64>(), LINES as u64, "every line once");
}
