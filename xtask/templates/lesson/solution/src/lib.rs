//! TO WRITE: what this is, its other names, and where the idea comes from.

use wt_core::thread;

/// Twice `n`, worked out by a worker.
///
/// Blocks until the worker has ended.
#[must_use]
pub fn twice(n: u64) -> u64 {
    thread::scope(|scope| {
        let worker = scope.spawn(|| n * 2);
        worker.join().unwrap_or_default()
    })
}
