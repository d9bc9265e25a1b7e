//! Threat: 26
//! Does: sleeps longer than anybody waits.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: hung; no_thread_is_left: pass

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        std::thread::sleep(std::time::Duration::from_secs(1 << 30));
    }
    numbers.iter().sum()
}
