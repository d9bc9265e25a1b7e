//! Threat: 8
//! Does: compiles, but not where a hidden check calls it, to see that line in rustc's words.
//! Expect: did not compile

pub fn total<N: Into<Vec<u64>>>(numbers: N, _workers: usize) -> u64 {
    const { assert!(std::mem::size_of::<N>() == 0, "show me who calls") };
    numbers.into().iter().sum()
}
