//! Lesson 01: a pool of worker threads. The brief is in `README.md`.

use std::error::Error;
use std::fmt;

/// A fixed number of worker threads that share one queue of jobs.
///
/// Dropping the pool waits until every queued job has run and every worker has
/// ended. A job that panics may take its worker down with it; lesson 02 mends
/// that.
pub struct Pool {
    // What does a pool keep, to pass a job on, and to wait for its workers at the end?
}

impl Pool {
    /// Starts a pool of `workers` threads that wait for jobs.
    ///
    /// # Errors
    ///
    /// Returns [`ZeroWorkers`] if `workers` is 0: such a pool would accept jobs
    /// and never run one.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        todo!("start {workers} workers, or refuse to start none")
    }

    /// Queues `job`; the first free worker runs it.
    ///
    /// Never waits, however many jobs are queued. Jobs start in the order in
    /// which they were queued.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        let _ = job;
        todo!("hand the job to whichever worker is free first")
    }
}

impl Drop for Pool {
    /// Lets the workers finish what is queued, then waits for each to end.
    fn drop(&mut self) {
        todo!("tell the workers that no job will follow, then wait for them")
    }
}

/// The error of [`Pool::new`]: a pool needs at least one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroWorkers;

impl fmt::Display for ZeroWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pool of 0 workers would never run a job")
    }
}

impl Error for ZeroWorkers {}
