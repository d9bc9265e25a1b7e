//! Threat: 14
//! Does: has a file whose name begins like an option.
//! Expect: rejected
//! Says: no module

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
