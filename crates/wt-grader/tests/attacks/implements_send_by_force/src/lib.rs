//! Threat: 12
//! Does: says that a type may cross threads although it may not.
//! Expect: not allowed
//! Says: unsafe

pub struct Cell2(pub std::cell::Cell<u64>);
unsafe impl Sync for Cell2 {}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
