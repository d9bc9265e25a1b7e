//! Threat: 9
//! Does: wants a secret of the environment in an error.
//! Expect: did not compile

const TOKEN: &str = env!("GITHUB_TOKEN");
const _: () = panic!("{}", TOKEN);

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
