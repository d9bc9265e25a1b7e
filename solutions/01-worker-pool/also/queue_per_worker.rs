//! Also right: each worker has a queue of its own, and `execute` deals the jobs out in turn

use std::error::Error;
use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::atomic::{AtomicUsize, Ordering};
use wt_core::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send + 'static>;

/// A fixed number of worker threads, each with a queue of its own.
pub struct Pool {
    workers: Vec<Worker>,
    next: AtomicUsize,
}

struct Worker {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

impl Pool {
    /// Starts a pool of `workers` threads that wait for jobs.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let workers = (0..workers).map(|_| Worker::start()).collect();
        Ok(Pool {
            workers,
            next: AtomicUsize::new(0),
        })
    }

    /// Queues `job` at the next worker in turn.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.workers.len();
        self.workers[turn]
            .jobs
            .send(Box::new(job))
            .expect("the worker is alive");
    }
}

impl Worker {
    fn start() -> Self {
        let (jobs, queue): (_, Receiver<Job>) = channel::unbounded();
        let thread = thread::spawn(move || queue.iter().for_each(|job| job()));
        Self { jobs, thread }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // Close every queue first, so that all workers finish side by side.
        let threads: Vec<_> = self.workers.drain(..).map(|worker| worker.thread).collect();
        for thread in threads {
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
