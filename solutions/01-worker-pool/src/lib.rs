//! A fixed-size worker pool: a few threads share one queue of jobs.
//!
//! Also known as a thread pool or an executor service. The queue is a
//! multi-consumer channel, so the pool itself holds no lock: a worker that waits
//! holds nothing that another worker needs.

use std::error::Error;
use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread::{self, JoinHandle};

/// Jobs have different types; boxed, they share one queue.
type Job = Box<dyn FnOnce() + Send + 'static>;

/// A fixed number of worker threads that share one queue of jobs.
///
/// Dropping the pool waits until every queued job has run and every worker has
/// ended. A job that panics takes its worker down with it: the others go on, and
/// the pool is one worker smaller.
#[derive(Debug)]
pub struct Pool {
    /// `None` only inside `drop`: giving up this sender is what ends the workers.
    jobs: Option<Sender<Job>>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts a pool of `workers` threads that wait for jobs.
    ///
    /// # Errors
    ///
    /// Returns [`ZeroWorkers`] if `workers` is 0: such a pool would accept jobs
    /// and never run one.
    ///
    /// # Panics
    ///
    /// Panics if the operating system cannot start a thread, as [`thread::spawn`]
    /// does.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let (jobs, queue) = channel::unbounded();
        let workers = (0..workers)
            .map(|id| start_worker(id, queue.clone()))
            .collect();
        Ok(Pool {
            jobs: Some(jobs),
            workers,
        })
    }

    /// Queues `job`; the first free worker runs it.
    ///
    /// Never waits, however many jobs are queued. Jobs start in the order in
    /// which they were queued.
    ///
    /// # Panics
    ///
    /// Panics if no worker is left, because every one of them has run a job that
    /// panicked. Queueing the job would lose it without a word.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        let jobs = self.jobs.as_ref().expect("only `drop` takes the sender");
        jobs.send(Box::new(job))
            .expect("every worker has died of a job that panicked");
    }
}

impl Drop for Pool {
    /// Lets the workers finish what is queued, then waits for each to end.
    fn drop(&mut self) {
        // The order matters: a worker's loop ends once the queue is empty and has
        // no sender left, so joining first would wait for ever.
        drop(self.jobs.take());
        for worker in self.workers.drain(..) {
            // An error is a job's panic, which has been printed already. Panicking
            // here could abort the process: `drop` also runs during an unwind.
            let _ = worker.join();
        }
    }
}

fn start_worker(id: usize, queue: Receiver<Job>) -> JoinHandle<()> {
    thread::Builder::new()
        .name(format!("worker-{id}"))
        .spawn(move || {
            for job in queue {
                job();
            }
        })
        .expect("the operating system starts another thread")
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
