//! Adds numbers with several workers.

use wt_core::thread;

/// The sum of `numbers`, added up by `workers` threads.
pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {
    let part = numbers.len().div_ceil(workers).max(1);
    thread::scope(|scope| {
        let add = |part: &[u64]| part.iter().sum::<u64>();
        let adding: Vec<_> = numbers.chunks(part).map(|part| scope.spawn(move || add(part))).collect();
        adding.into_iter().map(|adding| adding.join().unwrap()).sum()
    })
}
