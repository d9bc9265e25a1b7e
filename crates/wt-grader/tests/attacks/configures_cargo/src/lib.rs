//! Threat: 10
//! Does: brings a configuration that replaces rustc.
//! Expect: rejected
//! Says: .cargo

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
