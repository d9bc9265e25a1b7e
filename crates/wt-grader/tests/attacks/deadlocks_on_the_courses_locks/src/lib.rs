//! Threat: 26
//! Does: takes a lock of the course's library that it has.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: deadlock; no_thread_is_left: pass

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let lock = wt_core::sync::Mutex::new(0_u64);
        let _first = lock.lock().unwrap();
        let _second = lock.lock().unwrap();
    }
    numbers.iter().sum()
}
