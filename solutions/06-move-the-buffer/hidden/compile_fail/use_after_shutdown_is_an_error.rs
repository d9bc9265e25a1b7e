//! `shutdown` takes the worker, so a later `send` is no run-time case at all.

use move_the_buffer::Worker;

fn main() {
    let worker = Worker::spawn(|buffer| buffer.push(0));
    let _ = worker.shutdown();
    let _ = worker.send(vec![0_u8; 16]);
}
