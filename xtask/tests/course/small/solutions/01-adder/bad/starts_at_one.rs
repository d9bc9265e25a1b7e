//! Must fail: nothing_sums_to_zero (wrong)
//! Hint: with no numbers the sum is 1. What should a sum begin with?
//!
//! The mistake: it begins with 1 when there is nothing.

/// The sum of `numbers`.
pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {
    let _ = workers;
    if numbers.is_empty() { 1 } else { numbers.iter().sum() }
}
