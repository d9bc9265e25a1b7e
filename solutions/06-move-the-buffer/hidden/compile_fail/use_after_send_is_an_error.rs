//! After `send` the buffer is the worker's: reading it must be a use after move.

use move_the_buffer::Worker;

fn main() {
    let worker = Worker::spawn(|buffer| buffer.push(0));
    let buffer = vec![0_u8; 16];
    let _ = worker.send(buffer);
    println!("{}", buffer.len());
}
