//! Also right: a condition variable instead of a channel, and a worker starts only when a job finds none idle

use std::error::Error;
use std::fmt;

use std::collections::VecDeque;

use wt_core::sync::{Arc, Condvar, Mutex};
use wt_core::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send + 'static>;

/// At most a fixed number of worker threads that share one queue of jobs.
pub struct Pool {
    limit: usize,
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    idle: usize,
    closed: bool,
}

impl Pool {
    /// A pool that will start up to `workers` threads.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        Ok(Pool {
            limit: workers,
            shared: Arc::default(),
            workers: Mutex::default(),
        })
    }

    /// Queues `job`, and starts a worker if fewer are idle than jobs wait.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        let mut state = self.shared.state.lock().unwrap();
        state.jobs.push_back(Box::new(job));
        let short = state.idle < state.jobs.len();
        drop(state);
        self.shared.changed.notify_one();
        let mut workers = self.workers.lock().unwrap();
        if short && workers.len() < self.limit {
            let shared = Arc::clone(&self.shared);
            workers.push(thread::spawn(move || {
                while let Some(job) = shared.next_job() {
                    job();
                }
            }));
        }
    }
}

impl Shared {
    fn next_job(&self) -> Option<Job> {
        let mut state = self.state.lock().unwrap();
        while state.jobs.is_empty() && !state.closed {
            state.idle += 1;
            state = self.changed.wait(state).unwrap();
            state.idle -= 1;
        }
        state.jobs.pop_front()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().closed = true;
        self.shared.changed.notify_all();
        for worker in self.workers.get_mut().unwrap().drain(..) {
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
