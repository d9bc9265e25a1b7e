//! Large buffers go to a worker and come back, with next to no work in between:
//! what is measured is the way.

use std::hint::black_box;

use move_the_buffer::Worker;

/// What is done.
pub const WHAT: &str = "16 buffers of 1 MiB go to a worker and come back";

const BUFFERS: usize = 16;
const BYTES: usize = 1 << 20;

/// Nothing.
pub fn prepare() {}

/// Sends all buffers, one after another, and counts what comes back.
pub fn run(_: &()) -> u64 {
    let worker = Worker::spawn(|buffer: &mut Vec<u8>| buffer[0] = buffer[0].wrapping_add(1));
    let mut buffer = vec![0; BYTES];
    for _ in 0..BUFFERS {
        worker.send(black_box(buffer)).expect("the worker runs");
        buffer = worker.recv().expect("a buffer is out");
    }
    let left = worker.shutdown().len();
    u64::from(buffer[0]) + buffer.len() as u64 + left as u64
}
