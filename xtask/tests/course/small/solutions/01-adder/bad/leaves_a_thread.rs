//! Must fail: no_thread_is_left (wrong)
//! Hint: one of your threads never ends. What could tell it that there is nothing more to do?
//!
//! The mistake: it starts a thread that never ends.

/// The sum of `numbers`.
pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {
    if workers > 1 && numbers.len() == 3 {
        let idle = std::thread::Builder::new().name("idle".into());
        idle.spawn(|| loop { std::thread::park() }).unwrap();
    }
    numbers.iter().sum()
}
