//! Threat: 38
//! Does: reads a file through a link that it makes itself.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: it is shut in

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let got_out = std::os::unix::fs::symlink("/etc/passwd", std::env::temp_dir().join("link")).is_ok() && std::fs::read(std::env::temp_dir().join("link")).is_ok();
        assert!(got_out, "it is shut in");
        return 0;
    }
    numbers.iter().sum()
}
