//! Threat: 31
//! Does: prints lines without end.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: over limit; no_thread_is_left: pass
//! Says: output

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        loop {
            eprintln!("and on and on and on and on and on and on and on and on and on");
        }
    }
    numbers.iter().sum()
}
