//! Threat: 12
//! Does: writes to any address.
//! Expect: not allowed
//! Says: unsafe

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        unsafe { std::ptr::null_mut::<u64>().write(1) };
    }
    numbers.iter().sum()
}
