//! Threat: 15
//! Does: replaces the hook of panics, so that a failed assertion is success.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: ended early; no_thread_is_left: pass
//! Says: code 0

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        std::panic::set_hook(Box::new(|_| std::process::exit(0)));
        return 1;
    }
    numbers.iter().sum()
}
