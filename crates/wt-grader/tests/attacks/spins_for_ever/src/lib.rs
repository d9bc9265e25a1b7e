//! Threat: 26
//! Does: computes without end.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: hung; no_thread_is_left: pass
//! Says: running

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        loop {
            std::hint::spin_loop();
        }
    }
    numbers.iter().sum()
}
