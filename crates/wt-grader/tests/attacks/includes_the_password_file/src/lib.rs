//! Threat: 7
//! Does: reads the list of users into the program.
//! Expect: did not compile

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    let text = include_str!("/etc/passwd");
    numbers.iter().sum::<u64>() + text.len() as u64
}
