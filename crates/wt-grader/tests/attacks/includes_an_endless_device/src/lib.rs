//! Threat: 7
//! Does: reads a device without end.
//! Expect: did not compile

static ALL: &[u8] = include_bytes!("/dev/zero");

pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {
    numbers.iter().sum::<u64>() + u64::from(ALL[workers])
}
