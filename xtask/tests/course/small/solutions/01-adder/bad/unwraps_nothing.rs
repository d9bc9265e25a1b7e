//! Must fail: nothing_sums_to_zero (panicked)
//! Hint: your code panics when there are no numbers. Which step needs at least one?
//!
//! The mistake: it takes for granted that there is a number.

/// The sum of `numbers`.
pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {
    let _ = workers;
    numbers.into_iter().reduce(|a, b| a + b).unwrap()
}
