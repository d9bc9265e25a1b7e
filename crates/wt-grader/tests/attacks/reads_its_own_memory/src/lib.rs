//! Threat: 19
//! Does: looks for the secret in its own memory.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: it is shut in

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let got_out = ["/proc/self/mem", "/proc/self/maps", "/proc/thread-self/mem", "/tasks/self/mem"].iter().any(|path| std::fs::File::open(path).is_ok());
        assert!(got_out, "it is shut in");
        return 0;
    }
    numbers.iter().sum()
}
