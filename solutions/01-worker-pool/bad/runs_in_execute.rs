//! Must fail: execute_never_waits (wrong), jobs_run_on_at_most_n_threads (wrong), n_jobs_run_at_the_same_time (wrong), one_worker_keeps_the_order (wrong), drop_finishes_the_queued_jobs (wrong), drop_waits_for_the_running_jobs (wrong)
//! Hint: The thread that calls `execute` does the work itself: it does not come back before the job is done. What would `execute` have to leave behind, and where, for another thread to find it?
//!
//! The mistake: `execute` runs the job itself. No job is ever queued, so there is nothing to
//! do at the same time, to order, or to finish in `drop`.

use std::error::Error;
use std::fmt;

/// A fixed number of worker threads that share one queue of jobs.
pub struct Pool {}

impl Pool {
    /// Starts a pool of `workers` threads that wait for jobs.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        Ok(Pool {})
    }

    /// Queues `job`; the first free worker runs it.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        job();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {}
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
