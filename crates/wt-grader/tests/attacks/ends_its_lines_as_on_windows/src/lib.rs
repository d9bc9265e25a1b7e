//! Threat: 45
//! Does: ends its lines with CR LF, which is fine.
//! Expect: pass

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
