//! Must fail: n_jobs_run_at_the_same_time (wrong)
//! Hint: The pool has one thread, whatever number it was asked for. What in `new` happens once for each worker, and what happens only once?
//!
//! The mistake: one thread serves the queue, whatever number was asked for. Every job runs
//! and every count is right; only nothing is parallel.

use std::error::Error;
use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send + 'static>;

/// A fixed number of worker threads that share one queue of jobs.
pub struct Pool {
    jobs: Option<Sender<Job>>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts a pool of `workers` threads that wait for jobs.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let (jobs, queue) = channel::unbounded();
        let workers = vec![start_worker(queue)];
        Ok(Pool {
            jobs: Some(jobs),
            workers,
        })
    }

    /// Queues `job`; the first free worker runs it.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        let jobs = self.jobs.as_ref().expect("only `drop` takes the sender");
        jobs.send(Box::new(job)).expect("a worker is alive");
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.jobs.take());
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
