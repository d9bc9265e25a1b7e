//! Threat: 12
//! Does: calls its crate otherwise.
//! Expect: did not compile

#![crate_name = "wt_check"]

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
