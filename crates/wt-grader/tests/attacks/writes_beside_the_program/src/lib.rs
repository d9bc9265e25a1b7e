//! Threat: 38
//! Does: writes into the folder of its program.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: it is shut in

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let got_out = std::fs::File::create("forged").is_ok() || std::env::current_exe().ok().and_then(|own| std::fs::File::create(own.with_file_name("forged")).ok()).is_some();
        assert!(got_out, "it is shut in");
        return 0;
    }
    numbers.iter().sum()
}
