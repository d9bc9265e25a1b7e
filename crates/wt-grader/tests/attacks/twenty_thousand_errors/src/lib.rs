//! Threat: 5
//! Does: makes 20,000 errors with a macro.
//! Expect: did not compile

macro_rules! errors {
    ($($digit:tt)*) => { $( let _: u8 = "no"; let _ = $digit; )* };
}
macro_rules! ten {
    ($m:ident $($rest:tt)*) => { $m!($($rest)* 0 1 2 3 4 5 6 7 8 9) };
}
macro_rules! hundred {
    ($($digit:tt)*) => { $( ten!(errors $digit); )* };
}
macro_rules! thousand {
    ($($digit:tt)*) => { $( hundred!(0 1 2 3 4 5 6 7 8 9); let _ = $digit; )* };
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    thousand!(0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9);
    numbers.iter().sum()
}
