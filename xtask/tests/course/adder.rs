//! Solutions of lesson 01.

/// A right one.
pub(crate) const RIGHT_ADDER: &str = include_str!("small/solutions/01-adder/src/lib.rs");

/// An adder that runs `body` on its line 6 when there is nothing to add, and is
/// right otherwise: only the check `nothing_sums_to_zero` meets the body. A body
/// that ends without `return` goes on to the right answer, 0.
pub(crate) fn adder_that(body: &str) -> String {
    format!(
        "//! Adds numbers with several workers.
#![allow(unused, unreachable_code)]
/// The sum of `numbers`, added up by `workers` threads.
pub fn total(numbers: Vec<u64>, workers: usize) -> u64 {{
    if numbers.is_empty() {{
        {body}
    }}
    let part = numbers.len().div_ceil(workers).max(1);
    std::thread::scope(|scope| {{
        let parts = numbers.chunks(part);
        let adding: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().sum::<u64>())).collect();
        adding.into_iter().map(|adding| adding.join().unwrap()).sum()
    }})
}}
"
    )
}
