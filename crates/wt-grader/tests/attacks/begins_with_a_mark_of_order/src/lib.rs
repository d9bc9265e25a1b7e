// Threat: 45
// Does: begins with a byte order mark, which is fine.
// Expect: pass

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    numbers.iter().sum()
}
