//! Lesson @NUMBER@: TO WRITE: what is built here. The brief is in `README.md`.

/// Twice `n`, worked out by a worker.
pub fn twice(n: u64) -> u64 {
    todo!("TO WRITE: start a worker that doubles {n}")
}
