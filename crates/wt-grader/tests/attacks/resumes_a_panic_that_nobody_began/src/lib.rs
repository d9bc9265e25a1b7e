//! Threat: 24
//! Does: unwinds without a panic, so that no hook sees it.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: from nowhere

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        std::panic::resume_unwind(Box::new("from nowhere"));
    }
    numbers.iter().sum()
}
