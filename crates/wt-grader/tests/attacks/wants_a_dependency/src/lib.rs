//! Threat: 11
//! Does: uses a crate that is not there.
//! Expect: did not compile
//! Says: E0463

extern crate serde;

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
