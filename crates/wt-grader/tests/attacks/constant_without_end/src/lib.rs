//! Threat: 1
//! Does: evaluates a constant for ever.
//! Expect: compiler gave up
//! Says: time

#![allow(long_running_const_eval)]
const X: () = loop {};

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    X;
    numbers.iter().sum()
}
