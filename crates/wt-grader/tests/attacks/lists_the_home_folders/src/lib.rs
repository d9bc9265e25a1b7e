//! Threat: 35
//! Does: lists folders of the system.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: it is shut in

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let got_out = ["/root", "/home", "/etc", "/var", "/sys", "/usr/bin"].iter().any(|path| std::fs::read_dir(path).is_ok_and(|mut list| list.next().is_some()));
        assert!(got_out, "it is shut in");
        return 0;
    }
    numbers.iter().sum()
}
