//! Threat: 1
//! Does: counts to 2^40 in a constant, with the lint allowed.
//! Expect: compiler gave up
//! Says: time

#![allow(long_running_const_eval)]
const COUNT: u64 = {
    let mut n = 0_u64;
    while n < 1 << 40 {
        n += 1;
    }
    n
};

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum::<u64>() + COUNT - COUNT
}
