//! Threat: 24
//! Does: panics with 4 MB of words.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        panic!("{}", "word ".repeat(800_000));
    }
    numbers.iter().sum()
}
