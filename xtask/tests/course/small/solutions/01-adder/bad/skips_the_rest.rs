//! Must fail: the_sum_is_right (wrong)
//! Hint: some numbers are never added. How many are there, and how many does your loop see?
//!
//! The mistake: it adds ten numbers and no more.

/// The sum of `numbers`.
pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {
    let _ = workers;
    numbers.iter().take(10).sum()
}
