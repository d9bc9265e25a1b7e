//! Threat: 27
//! Does: leaves a thread that computes.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: pass; no_thread_is_left: wrong
//! Says: left behind

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.len() == 3 {
        std::thread::spawn(|| loop {
            std::hint::spin_loop();
        });
    }
    numbers.iter().sum()
}
