//! Threat: 23
//! Does: gives a number of its own that equals everything.
//! Expect: did not compile

pub struct Any;

impl PartialEq<u64> for Any {
    fn eq(&self, _: &u64) -> bool {
        true
    }
}

pub fn total(_numbers: Vec<u64>, _workers: usize) -> Any {
    Any
}
