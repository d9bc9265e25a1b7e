//! Threat: 30
//! Does: asks for a terabyte.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: over limit; no_thread_is_left: pass
//! Says: memory

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let all = vec![1_u8; 1 << 40];
        return u64::from(all[0]) - 1;
    }
    numbers.iter().sum()
}
