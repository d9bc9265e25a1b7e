//! Must fail: one_worker_keeps_the_order (wrong)
//! Redact: numbers
//! Hint: A worker takes the job that came last. With new jobs always arriving, when is it the turn of the first one?
//!
//! The mistake: a `Vec` as the queue. `pop` takes the job that came last, so under load the
//! first job may wait for ever.

use std::error::Error;
use std::fmt;

use wt_core::sync::{Arc, Condvar, Mutex};
use wt_core::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send + 'static>;

/// A fixed number of worker threads that share one queue of jobs.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: Vec<Job>,
    closed: bool,
}

impl Pool {
    /// Starts a pool of `workers` threads that wait for jobs.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let shared = Arc::new(Shared::default());
        let workers = (0..workers)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    while let Some(job) = shared.next_job() {
                        job();
                    }
                })
            })
            .collect();
        Ok(Pool { shared, workers })
    }

    /// Queues `job`; the first free worker runs it.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        self.shared.state.lock().unwrap().jobs.push(Box::new(job));
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn next_job(&self) -> Option<Job> {
        let mut state = self.state.lock().unwrap();
        while state.jobs.is_empty() && !state.closed {
            state = self.changed.wait(state).unwrap();
        }
        state.jobs.pop()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().closed = true;
        self.shared.changed.notify_all();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
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
