//! A thread for each job: a pool in name only.

use std::error::Error;
use std::fmt;

use wt_core::sync::Mutex;
use wt_core::thread::{self, JoinHandle};

/// Starts a thread for every job.
pub struct Pool {
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Pool {
    /// # Errors
    ///
    /// [`ZeroWorkers`] for 0, although the number does not matter here.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        Ok(Pool {
            threads: Mutex::new(Vec::new()),
        })
    }

    /// Starts a thread that runs `job`.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        let mut threads = self.threads.lock().expect("no job runs under this lock");
        threads.push(thread::spawn(job));
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let threads = self.threads.get_mut().expect("no job runs under this lock");
        for thread in threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// A pool needs at least one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroWorkers;

impl fmt::Display for ZeroWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pool of 0 workers would never run a job")
    }
}

impl Error for ZeroWorkers {}
