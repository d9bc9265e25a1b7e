//! Threat: 24
//! Does: holds the lock of the standard error, so that whoever prints a panic waits for ever.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: wrong; no_thread_is_left: pass
//! Says: is 1, not 0

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let (holds, is_held) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let _out = std::io::stdout().lock();
            let _error = std::io::stderr().lock();
            holds.send(()).unwrap();
            loop {
                std::thread::park();
            }
        });
        is_held.recv().unwrap();
        return 1;
    }
    numbers.iter().sum()
}
