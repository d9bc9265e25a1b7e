//! Threat: 14
//! Does: hides code in a comment that is shown from right to left.
//! Expect: did not compile

pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {
    /* the sum of all ‮ } ⁦if numbers.is_empty()⁩ ⁦ begins here */
    numbers.iter().sum()
}
