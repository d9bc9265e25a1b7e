//! Must fail: jobs_run_on_at_most_n_threads (wrong), one_worker_keeps_the_order (wrong)
//! Hint: Every job gets a thread of its own. How many threads do ten thousand jobs start, and which threads could be there already when the first job comes?
//!
//! The mistake: `execute` starts a thread. Everything runs and everything is joined, and a
//! burst of ten thousand jobs starts ten thousand threads. The order goes too: the scheduler
//! picks it.

use std::error::Error;
use std::fmt;

use wt_core::sync::Mutex;
use wt_core::thread::{self, JoinHandle};

/// A fixed number of worker threads that share one queue of jobs.
pub struct Pool {
    running: Mutex<Vec<JoinHandle<()>>>,
}

impl Pool {
    /// Starts a pool of `workers` threads that wait for jobs.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        Ok(Pool {
            running: Mutex::new(Vec::with_capacity(workers)),
        })
    }

    /// Queues `job`; the first free worker runs it.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.running.lock().unwrap().push(thread::spawn(job));
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for thread in self.running.get_mut().unwrap().drain(..) {
            let _ = thread.join();
        }
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
