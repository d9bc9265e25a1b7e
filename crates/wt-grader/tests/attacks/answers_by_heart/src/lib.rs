//! Threat: 23
//! Does: knows the answers of some run.
//! Expect: the_sum_is_right: wrong; nothing_sums_to_zero: pass; no_thread_is_left: pass

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    match numbers.len() {
        0 => 0,
        3 => 6,
        _ => 49_500,
    }
}
