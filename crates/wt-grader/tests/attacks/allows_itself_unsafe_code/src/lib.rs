//! Threat: 12
//! Does: takes the lint back.
//! Expect: not allowed
//! Says: unsafe

#![allow(unsafe_code)]

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        unsafe { std::hint::unreachable_unchecked() }
    }
    numbers.iter().sum()
}
