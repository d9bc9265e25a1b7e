//! Threat: 44
//! Does: has 40 files.
//! Expect: rejected
//! Says: more than 32 files

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
