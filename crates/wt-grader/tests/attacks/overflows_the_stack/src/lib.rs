//! Threat: 25
//! Does: calls itself without end on the check's thread.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: crashed; no_thread_is_left: pass
//! Says: stack overflow

#[allow(unconditional_recursion)]
fn deeper(n: u64) -> u64 {
    std::hint::black_box(deeper(n + 1)) + n
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        return deeper(1);
    }
    numbers.iter().sum()
}
