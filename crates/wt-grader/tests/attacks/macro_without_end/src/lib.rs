//! Threat: 3
//! Does: lets a macro call itself with more, 4 billion times.
//! Expect: compiler gave up

#![recursion_limit = "4294967295"]
macro_rules! more {
    ($($all:tt)*) => { more!($($all)* $($all)* x) };
}
more!(x);

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
