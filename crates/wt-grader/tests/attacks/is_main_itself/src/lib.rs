//! Threat: 12
//! Does: exports a `main` that comes before the harness.
//! Expect: not allowed
//! Says: unsafe

#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    0
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
