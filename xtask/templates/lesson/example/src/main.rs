//! TO WRITE: the idea in one line.
//!
//! Run:    cargo run -p eg@FOLDER@
//! See:    TO WRITE: the lines to expect.
//! Try:    TO WRITE: one change, and what becomes of it.

use wt_core::thread;

fn main() {
    println!("a worker says {}", answer());
}

// ANCHOR: answer
/// Starts a worker and waits for what it hands back.
fn answer() -> u64 {
    let worker = thread::spawn(|| 6 * 7);
    worker.join().unwrap()
}
// ANCHOR_END: answer
