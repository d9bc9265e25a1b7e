//! Threat: 24
//! Does: panics with a value that panics when it is dropped.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped")
    }
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        std::panic::panic_any(Bomb);
    }
    numbers.iter().sum()
}
