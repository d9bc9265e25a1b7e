//! Threat: 1
//! Does: evaluates a constant for ever, but only where a hidden check calls it.
//! Expect: compiler gave up
//! Says: time

#![allow(long_running_const_eval)]

pub fn total<N: Into<Vec<u64>>>(numbers: N, _workers: usize) -> u64 {
    const {
        while std::mem::size_of::<N>() > 0 {}
    }
    numbers.into().iter().sum()
}
