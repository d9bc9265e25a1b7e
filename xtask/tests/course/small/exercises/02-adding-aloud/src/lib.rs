//! Says a sum.

/// `1 + 2 = 3`
pub fn sum_in_words(a: u32, b: u32) -> String {
    todo!("say {a} + {b}")
}
