//! Threat: 12
//! Does: has an allocator of its own, so that no allocation is counted, without any unsafe code.
//! Expect: did not compile

#[global_allocator]
static PLAIN: std::alloc::System = std::alloc::System;

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
