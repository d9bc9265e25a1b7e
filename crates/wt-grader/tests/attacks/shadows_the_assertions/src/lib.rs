//! Threat: 23
//! Does: exports macros with the names of the assertions.
//! Expect: the_sum_is_right: wrong; nothing_sums_to_zero: wrong; no_thread_is_left: pass

#[macro_export]
macro_rules! assert {
    ($($all:tt)*) => {};
}

#[macro_export]
macro_rules! assert_eq {
    ($($all:tt)*) => {};
}

pub fn total(_numbers: Vec<u64>, _workers: usize) -> u64 {
    1
}
