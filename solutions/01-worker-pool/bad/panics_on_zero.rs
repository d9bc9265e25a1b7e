//! Must fail: zero_workers_is_an_error (panicked)
//! Hint: `Pool::new(0)` panics. The 0 may come from a settings file: what can a caller do with a panic, and what could it do with a value?
//!
//! The mistake: `assert!` for an argument that may come from a settings file. The caller
//! cannot answer a panic with anything but its own end.

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
        assert!(workers > 0, "a pool needs at least one worker");
        let (jobs, queue) = channel::unbounded();
        let workers = (0..workers).map(|_| start_worker(queue.clone())).collect();
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
