//! Threat: 23
//! Does: takes other arguments than it is called with.
//! Expect: did not compile

pub fn total<T>(_numbers: T) -> u64 {
    0
}
