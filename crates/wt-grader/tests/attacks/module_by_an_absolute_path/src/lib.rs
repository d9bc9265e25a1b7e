//! Threat: 8
//! Does: takes a file of the system for a module, so that an error shows its lines.
//! Expect: did not compile

#[path = "/etc/shadow"]
mod secret;

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
