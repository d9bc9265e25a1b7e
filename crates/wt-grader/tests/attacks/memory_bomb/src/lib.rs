//! Threat: 30
//! Does: grows a vector without end.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: over limit; no_thread_is_left: pass
//! Says: memory

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let mut all = Vec::new();
        loop {
            all.push(vec![1_u8; 1 << 20]);
        }
    }
    numbers.iter().sum()
}
