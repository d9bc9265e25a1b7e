//! Threat: 31
//! Does: panics with words that clear the reader's screen and rename the window.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: and gone

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    assert!(!numbers.is_empty(), "\x1b[2J\x1b]0;passed\x07\u{9b}31m\u{202e}here \0and gone");
    numbers.iter().sum()
}
