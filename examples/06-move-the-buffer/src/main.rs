//! Zero-copy transfer: a buffer changes threads, its bytes stay where they are.
//!
//! Run:    cargo run -p eg06-move-the-buffer
//! See:    the moved buffer keeps its address, the cloned one does not, and the
//!         buffer that nobody took comes back in the error.
//! Try:    in `moved`, call `buffer.shrink_to_fit()` before the buffer goes home.
//!         The bytes stay, the spare room is gone.

use wt_core::channel::{self, SendError};
use wt_core::thread;

const MIB: usize = 1 << 20;

fn main() {
    let handle = size_of::<Vec<u8>>();
    println!("what crosses: {handle} bytes, for a buffer of any size");
    println!("moved:        {}", moved(picture()));
    println!("cloned:       {}", cloned(&picture()));
    println!("refused:      {}", refused(picture()));
}

/// 16 MiB in use, and room for 4 MiB more.
fn picture() -> Vec<u8> {
    let mut pixels = Vec::with_capacity(20 * MIB);
    pixels.resize(16 * MIB, 200);
    pixels
}

// ANCHOR: moved
/// Gives the buffer to a thread, and gets it back as the thread's result.
fn moved(mut buffer: Vec<u8>) -> String {
    let before = (buffer.as_ptr().addr(), buffer.capacity());
    let worker = thread::spawn(move || {
        buffer[0] = 255 - buffer[0];
        buffer
    });
    let buffer = worker.join().expect("the worker does not panic");
    report(before, &buffer)
}
// ANCHOR_END: moved

// ANCHOR: cloned
/// The same with a copy: the caller keeps a buffer that it does not need.
fn cloned(buffer: &Vec<u8>) -> String {
    let before = (buffer.as_ptr().addr(), buffer.capacity());
    let mut copy = buffer.clone();
    let worker = thread::spawn(move || {
        copy[0] = 255 - copy[0];
        copy
    });
    report(before, &worker.join().expect("the worker does not panic"))
}
// ANCHOR_END: cloned

// ANCHOR: refused
/// Sends to a receiver that is gone. The error owns what was not delivered.
fn refused(buffer: Vec<u8>) -> String {
    let before = (buffer.as_ptr().addr(), buffer.capacity());
    let (tx, rx) = channel::unbounded();
    drop(rx);
    let Err(SendError(buffer)) = tx.send(buffer) else {
        unreachable!("nobody receives")
    };
    report(before, &buffer)
}
// ANCHOR_END: refused

fn report((address, capacity): (usize, usize), back: &Vec<u8>) -> String {
    let same = if back.as_ptr().addr() == address {
        "same address"
    } else {
        "another address"
    };
    let spare = (back.capacity() - back.len()) / MIB;
    let before = (capacity - back.len()) / MIB;
    format!(
        "{same}, {spare} of {before} MiB spare room left, first pixel {}",
        back[0]
    )
}
