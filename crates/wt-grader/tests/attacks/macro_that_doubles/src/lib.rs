//! Threat: 2
//! Does: expands a macro to 2^40 pieces.
//! Expect: compiler gave up

#![recursion_limit = "4096"]
macro_rules! double {
    ($n:expr; ) => { $n };
    ($n:expr; $head:tt $($rest:tt)*) => { double!($n + $n; $($rest)*) };
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum::<u64>() + double!(0_u64; a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a)
}
