//! Threat: 18
//! Does: opens the pipe of the results through `/proc`.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: it is shut in

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let got_out = (0..1000).any(|n| std::fs::OpenOptions::new().write(true).open(format!("/proc/self/fd/{n}")).is_ok());
        assert!(got_out, "it is shut in");
        return 0;
    }
    numbers.iter().sum()
}
