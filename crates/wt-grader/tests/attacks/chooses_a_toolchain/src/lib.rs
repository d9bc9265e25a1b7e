//! Threat: 10
//! Does: brings a toolchain file, which replaces cargo itself.
//! Expect: rejected
//! Says: rust-toolchain.toml

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
