//! Must fail: drop_leaves_no_thread (wrong)
//! Hint: `drop` waits for the workers, and the workers wait for the next job: nobody has told them that none will come. What would tell them, and has it happened at the moment when `drop` begins to join?
//!
//! The mistake: `drop` joins the workers while the pool still owns the sender. A field is
//! dropped only after `drop` has returned, so each worker waits for a job, and `drop` waits
//! for the worker.

use std::error::Error;
use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send + 'static>;

/// A fixed number of worker threads that share one queue of jobs.
pub struct Pool {
    jobs: Sender<Job>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts a pool of `workers` threads that wait for jobs.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let (jobs, queue) = channel::unbounded();
        let workers = (0..workers).map(|_| start_worker(queue.clone())).collect();
        Ok(Pool { jobs, workers })
    }

    /// Queues `job`; the first free worker runs it.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.jobs.send(Box::new(job)).expect("a worker is alive");
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

fn start_worker(queue: Receiver<Job>) -> JoinHandle<()> {
    thread::spawn(move || {
        for job in queue {
            job();
        }
    })
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
