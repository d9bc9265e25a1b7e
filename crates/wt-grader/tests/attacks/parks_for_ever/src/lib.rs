//! Threat: 39
//! Does: parks its thread, again and again.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: hung; no_thread_is_left: pass

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        loop {
            std::thread::park();
        }
    }
    numbers.iter().sum()
}
