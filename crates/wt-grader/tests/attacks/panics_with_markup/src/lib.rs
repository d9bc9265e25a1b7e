//! Threat: 31
//! Does: panics with words that are markup, for whoever reads the report.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: </pre><script>alert(1)</script><style>*{display:none}</style>

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    assert!(!numbers.is_empty(), "</pre><script>alert(1)</script><style>*{{display:none}}</style>");
    numbers.iter().sum()
}
