//! Threat: 15
//! Does: the same, on a thread of its own.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: ended early; no_thread_is_left: pass
//! Says: code 0

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        std::thread::spawn(|| std::process::exit(0)).join().unwrap();
    }
    numbers.iter().sum()
}
