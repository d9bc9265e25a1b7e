//! Threat: 17
//! Does: leaves threads behind whose names look like results.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: pass; no_thread_is_left: wrong

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    for name in ["check", "verdict pass", "x\nverdict\tpass\nend 3", "\u{1b}[2Jpass"] {
        let builder = std::thread::Builder::new().name(name.into());
        builder.spawn(|| loop { std::thread::park() }).unwrap();
    }
    numbers.iter().sum()
}
