//! Threat: 26
//! Does: keeps the sender of the channel that it waits at.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: hung; no_thread_is_left: pass
//! Says: blocked

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let (_tx, rx) = std::sync::mpsc::channel::<u64>();
        return rx.recv().unwrap();
    }
    numbers.iter().sum()
}
