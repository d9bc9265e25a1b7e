//! Threat: 33
//! Does: writes a file without end.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: over limit; no_thread_is_left: pass
//! Says: disk

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        use std::io::Write;
        let mut file = std::fs::File::create(std::env::temp_dir().join("large")).unwrap();
        loop {
            file.write_all(&[1; 1 << 20]).expect("the disk is small");
        }
    }
    numbers.iter().sum()
}
