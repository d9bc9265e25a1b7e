//! Threat: 35
//! Does: walks from its own program up to the solutions.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: panicked; no_thread_is_left: pass
//! Says: it is shut in

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let got_out = std::env::current_exe().ok().into_iter().flat_map(|own| own.ancestors().map(std::path::Path::to_owned).collect::<Vec<_>>()).any(|folder| folder.join("solutions").exists() || folder.join("exercises").exists());
        assert!(got_out, "it is shut in");
        return 0;
    }
    numbers.iter().sum()
}
