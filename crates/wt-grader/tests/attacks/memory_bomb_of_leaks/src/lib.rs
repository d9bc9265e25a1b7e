//! Threat: 30
//! Does: leaks small pieces without end.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: over limit; no_thread_is_left: pass
//! Says: memory

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        loop {
            Box::leak(Box::new([1_u8; 4096]));
        }
    }
    numbers.iter().sum()
}
