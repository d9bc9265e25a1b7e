//! Threat: 25
//! Does: the same on a thread of its own.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: crashed; no_thread_is_left: pass
//! Says: stack overflow

#[allow(unconditional_recursion)]
fn deeper(n: u64) -> u64 {
    std::hint::black_box(deeper(n + 1)) + n
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        std::thread::spawn(|| deeper(1)).join().unwrap();
    }
    numbers.iter().sum()
}
