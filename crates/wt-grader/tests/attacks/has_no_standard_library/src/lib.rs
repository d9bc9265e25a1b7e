//! Threat: 12
//! Does: does without the standard library, and brings its own end of a panic.
//! Expect: did not compile

#![no_std]

extern crate alloc;

#[panic_handler]
fn nothing(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

pub fn total(numbers: alloc::vec::Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
