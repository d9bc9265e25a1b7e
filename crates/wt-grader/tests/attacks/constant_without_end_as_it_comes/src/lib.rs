//! Threat: 1
//! Does: the same, with the lint as it is: rustc stops it.
//! Expect: did not compile

const X: () = loop {};

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    X;
    numbers.iter().sum()
}
