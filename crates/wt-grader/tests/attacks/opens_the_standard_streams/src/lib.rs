//! Threat: 18
//! Does: opens its own streams as files.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: it is shut in

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let got_out = ["/dev/stdout", "/dev/fd/1", "/dev/fd/3", "/dev/tty"].iter().any(|path| std::fs::File::options().write(true).open(path).is_ok());
        assert!(got_out, "it is shut in");
        return 0;
    }
    numbers.iter().sum()
}
