//! Must fail: nothing_sums_to_zero (hung)
//! Hint: with no numbers your code waits for a message. Who would send it?
//!
//! The mistake: it waits for a message that nobody sends.

/// The sum of `numbers`.
pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {
    let _ = workers;
    let (tx, rx) = std::sync::mpsc::channel();
    numbers.iter().for_each(|number| tx.send(*number).unwrap());
    let first = rx.recv().unwrap();
    first + rx.try_iter().sum::<u64>()
}
