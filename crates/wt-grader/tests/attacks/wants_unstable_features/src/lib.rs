//! Threat: 11
//! Does: switches on what only a nightly compiler has.
//! Expect: did not compile
//! Says: E0554

#![feature(asm_experimental_arch)]

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
