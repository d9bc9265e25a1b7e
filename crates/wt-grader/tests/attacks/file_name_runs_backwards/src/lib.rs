//! Threat: 14
//! Does: has a file whose name turns the letters around.
//! Expect: rejected
//! Says: no module

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
