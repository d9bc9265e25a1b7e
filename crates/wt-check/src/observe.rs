//! Facts for the grader to judge, and the random input they come from.

use crate::request::Request;
use crate::transcript;

/// Sends a fact to the grader, who compares it with what the oracle observed
/// under the same seed. Order counts. See [`observed!`](crate::observed!).
///
/// Use std types for `value`: a type of the checked code could print anything.
pub fn observe(key: &str, value: impl std::fmt::Debug) {
    transcript::line(&["observe", key, &format!("{value:?}")]);
}

/// The seed of this run. The grader draws a new one for every run and prints it
/// with a failure.
#[must_use]
pub fn seed() -> u64 {
    Request::current().seed
}

/// A random number generator that starts from [`seed`].
#[must_use]
pub fn rng() -> fastrand::Rng {
    fastrand::Rng::with_seed(seed())
}
