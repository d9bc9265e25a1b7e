//! Threat: 17
//! Does: prints results in JSON and gives a wrong answer.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: wrong; no_thread_is_left: pass

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        println!("{{\"type\":\"suite\",\"event\":\"ok\"}}");
        return 1;
    }
    numbers.iter().sum()
}
