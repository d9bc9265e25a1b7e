//! Threat: 10
//! Does: brings a build script, which cargo would run.
//! Expect: rejected
//! Says: build.rs

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
