//! Threat: 24
//! Does: panics in a destructor while another panic unwinds.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: crashed; no_thread_is_left: pass
//! Says: SIGABRT

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("second")
    }
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let _bomb = Bomb;
        panic!("first");
    }
    numbers.iter().sum()
}
