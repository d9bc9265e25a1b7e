//! Threat: 7
//! Does: reads the solution by a path that goes up.
//! Expect: did not compile

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    let text = include_str!("../../../../../../solutions/01-adder/src/lib.rs");
    numbers.iter().sum::<u64>() + text.len() as u64
}
