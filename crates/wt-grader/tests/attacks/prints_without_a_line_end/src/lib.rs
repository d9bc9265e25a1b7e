//! Threat: 31
//! Does: prints without end and without a new line.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: over limit; no_thread_is_left: pass
//! Says: output

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        use std::io::Write;
        loop {
            let _ = std::io::stderr().write_all(&[b'x'; 65_536]);
        }
    }
    numbers.iter().sum()
}
