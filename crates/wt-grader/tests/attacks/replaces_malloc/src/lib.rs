//! Threat: 12
//! Does: exports the function that all memory comes from.
//! Expect: not allowed
//! Says: unsafe

#[unsafe(no_mangle)]
pub extern "C" fn malloc(_: usize) -> *mut u8 {
    std::ptr::null_mut()
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
