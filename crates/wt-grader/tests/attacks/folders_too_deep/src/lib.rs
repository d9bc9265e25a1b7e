//! Threat: 44
//! Does: has folders inside folders inside folders.
//! Expect: rejected
//! Says: too deep

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
