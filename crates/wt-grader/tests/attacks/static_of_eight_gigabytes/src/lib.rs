//! Threat: 6
//! Does: has a static of 8 GB.
//! Expect: did not compile

static LARGE: [u8; 8 << 30] = [1; 8 << 30];

pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {
    numbers.iter().sum::<u64>() + u64::from(LARGE[workers]) - 1
}
