//! Threat: 29
//! Does: starts threads until one cannot start, and then says what is right.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: over limit; no_thread_is_left: pass
//! Says: threads

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        while std::thread::Builder::new().stack_size(16 << 10).spawn(std::thread::park).is_ok() {}
        return 0;
    }
    numbers.iter().sum()
}
