//! Three buffers and one worker, while `main` prepares the next.
//!
//! `main` needs 8 ticks to fill a buffer, the worker 12 to change it. What is sent is
//! the buffer itself, so nobody waits for a copy.

use std::time::Duration;

use move_the_buffer::Worker;
use wt_check::trace::span;
use wt_core::thread;

const BUFFERS: u8 = 3;

pub fn scenario() {
    let worker = Worker::spawn(|buffer| {
        work(&format!("change {}", buffer[0]), 12);
        buffer[0] += 100;
    });
    for number in 1..=BUFFERS {
        work(&format!("fill {number}"), 8);
        worker.send(vec![number; 1 << 10]).expect("the worker lives");
    }
    let changed = worker.shutdown();
    assert_eq!(changed.len(), usize::from(BUFFERS), "all come back");
}

fn work(name: &str, ticks: u64) {
    span(name, || thread::sleep(Duration::from_millis(ticks)));
}
