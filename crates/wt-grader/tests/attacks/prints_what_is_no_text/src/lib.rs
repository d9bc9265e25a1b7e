//! Threat: 31
//! Does: prints bytes that are no text, and a terminal's commands.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: pass; no_thread_is_left: pass

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        use std::io::Write;
        let _ = std::io::stderr().write_all(b"\xff\xfe\0\x1b[2J\x1b]0;title\x07\xe2\x80\xae");
    }
    numbers.iter().sum()
}
