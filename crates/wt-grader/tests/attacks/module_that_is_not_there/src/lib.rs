//! Threat: 8
//! Does: names a module without a file.
//! Expect: did not compile
//! Says: E0583

mod elsewhere;

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
