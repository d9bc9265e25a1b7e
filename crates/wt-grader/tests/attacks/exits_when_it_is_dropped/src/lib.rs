//! Threat: 15
//! Does: ends the process in a destructor.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: ended early; no_thread_is_left: pass
//! Says: code 0

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::process::exit(0)
    }
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let _bomb = Bomb;
        return 1;
    }
    numbers.iter().sum()
}
