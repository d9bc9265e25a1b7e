//! Threat: 24
//! Does: aborts the process.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: crashed; no_thread_is_left: pass
//! Says: SIGABRT

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        std::process::abort();
    }
    numbers.iter().sum()
}
