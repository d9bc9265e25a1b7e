//! Threat: 42
//! Does: has a link in place of a module.
//! Expect: rejected
//! Says: symbolic link

mod other;

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
