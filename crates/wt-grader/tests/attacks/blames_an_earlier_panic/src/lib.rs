//! Threat: 22
//! Does: catches a panic with the words of a failed claim in it, and then is wrong.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: wrong; no_thread_is_left: pass
//! Says: is 1, not 0

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let _ = std::panic::catch_unwind(|| panic!("the sum of no numbers is 0, as it should be"));
        return 1;
    }
    numbers.iter().sum()
}
