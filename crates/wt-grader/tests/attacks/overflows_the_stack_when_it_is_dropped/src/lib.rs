//! Threat: 25
//! Does: drops a list that is a million boxes deep.
//! Expect: the_sum_is_right: pass; nothing_sums_to_zero: crashed; no_thread_is_left: pass

struct Deep(#[allow(dead_code)] Option<Box<Deep>>);

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        let mut deep = Deep(None);
        for _ in 0..1_000_000 {
            deep = Deep(Some(Box::new(deep)));
        }
        drop(deep);
    }
    numbers.iter().sum()
}
