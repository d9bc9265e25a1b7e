//! Threat: 3
//! Does: asks for a type that contains itself, deeper and deeper.
//! Expect: did not compile

trait Deeper {
    fn go(self, left: u64) -> u64;
}

impl<T> Deeper for T {
    fn go(self, left: u64) -> u64 {
        match left {
            0 => 0,
            _ => (self, 1_u8).go(left - 1),
        }
    }
}

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum::<u64>() + ().go(0)
}
