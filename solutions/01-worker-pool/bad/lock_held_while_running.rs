//! Must fail: n_jobs_run_at_the_same_time (wrong)
//! Hint: The pool has all its threads, yet only one runs a job: the others wait for something that this one still holds. When a worker has taken its job, at which line exactly does the guard of the queue's lock end its life?
//!
//! The mistake: in `while let`, the guard is a temporary of the condition, and it lives until
//! the end of the body. So the worker holds the queue's lock while it runs the job, and the
//! jobs run one after another, on different threads. A `let job = …;` of its own, inside a
//! `loop`, ends the life of the guard before the job starts.

use std::error::Error;
use std::fmt;

use wt_core::sync::mpsc::{self, Receiver, Sender};
use wt_core::sync::{Arc, Mutex};
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
        let (jobs, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let workers = (0..workers)
            .map(|_| start_worker(Arc::clone(&queue)))
            .collect();
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

fn start_worker(queue: Arc<Mutex<Receiver<Job>>>) -> JoinHandle<()> {
    thread::spawn(move || {
        while let Ok(job) = queue.lock().unwrap().recv() {
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
