//! Threat: 15
//! Does: ends the process in the destructor of a thread-local, after the answer.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: wrong; no_thread_is_left: pass

thread_local! {
    static LAST: Bomb = const { Bomb };
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::process::exit(0)
    }
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        LAST.with(|_| ());
        return 1;
    }
    numbers.iter().sum()
}
