//! Threat: 29
//! Does: starts threads as long as it can.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: over limit; no_thread_is_left: pass
//! Says: threads

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        loop {
            let _ = std::thread::Builder::new().stack_size(16 << 10).spawn(std::thread::park);
        }
    }
    numbers.iter().sum()
}
