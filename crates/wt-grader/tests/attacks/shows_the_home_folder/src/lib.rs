//! Threat: 9
//! Does: wants a variable of the environment in an error.
//! Expect: did not compile

const HOME: &str = env!("HOME");
const _: () = panic!("{}", HOME);

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
