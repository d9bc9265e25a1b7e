//! Threat: 12
//! Does: declares `_exit` of libc.
//! Expect: not allowed
//! Says: unsafe

unsafe extern "C" {
    fn _exit(code: i32) -> !;
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    if numbers.is_empty() {
        unsafe { _exit(0) }
    }
    numbers.iter().sum()
}
