//! Threat: 12
//! Does: writes `unsafe` where a macro puts it.
//! Expect: not allowed
//! Says: unsafe

macro_rules! hidden {
    ($($body:tt)*) => { unsafe { $($body)* } };
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        hidden!(std::hint::unreachable_unchecked())
    }
    numbers.iter().sum()
}
