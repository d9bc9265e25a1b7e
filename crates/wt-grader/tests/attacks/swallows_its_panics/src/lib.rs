//! Threat: 22
//! Does: catches the panics of its workers and goes on.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: wrong; no_thread_is_left: pass

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let _ = std::panic::catch_unwind(|| panic!("lost"));
        let _ = std::thread::spawn(|| panic!("lost, too")).join();
        return 7;
    }
    numbers.iter().sum()
}
