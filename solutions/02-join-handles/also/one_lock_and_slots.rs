//! Also right: one lock for the queue, and a slot with a condition variable for each result
//!
//! No channel at all. The queue and the flag that closes it are under one lock, so that no
//! job can slip in after the flag is set. Each handle shares a slot with its job.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::sync::{Arc, Condvar, Mutex};
use wt_core::thread;

type Job = Box<dyn FnOnce() + Send + 'static>;

pub struct Pool {
    shared: Arc<Shared>,
    workers: Mutex<Vec<thread::JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

struct Slot<T> {
    result: Mutex<Option<thread::Result<T>>>,
    filled: Condvar,
}

pub struct JoinHandle<T> {
    slot: Arc<Slot<T>>,
}

impl Pool {
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let shared = Arc::new(Shared::default());
        let start = |_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                while let Some(job) = shared.next() {
                    job();
                }
            })
        };
        let workers = Mutex::new((0..workers).map(start).collect());
        Ok(Pool { shared, workers })
    }

    pub fn submit<T, F>(&self, job: F) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let mut queue = self.shared.queue.lock().unwrap();
        if queue.closed {
            return Err(SubmitError(job));
        }
        let slot = Arc::new(Slot {
            result: Mutex::new(None),
            filled: Condvar::new(),
        });
        let place = Arc::clone(&slot);
        queue.jobs.push_back(Box::new(move || {
            let result = catch_unwind(AssertUnwindSafe(job));
            *place.result.lock().unwrap() = Some(result);
            place.filled.notify_one();
        }));
        drop(queue);
        self.shared.changed.notify_one();
        Ok(JoinHandle { slot })
    }

    pub fn shutdown(&self) {
        self.shared.queue.lock().unwrap().closed = true;
        self.shared.changed.notify_all();
        for worker in self.workers.lock().unwrap().drain(..) {
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock().unwrap();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            queue = self.changed.wait(queue).unwrap();
        }
    }
}

impl<T> JoinHandle<T> {
    pub fn join(self) -> thread::Result<T> {
        let mut result = self.slot.result.lock().unwrap();
        loop {
            match result.take() {
                Some(result) => return result,
                None => result = self.slot.filled.wait(result).unwrap(),
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroWorkers;

impl fmt::Display for ZeroWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pool of 0 workers would never run a job")
    }
}

impl Error for ZeroWorkers {}

pub struct SubmitError<F>(pub F);

impl<F> fmt::Debug for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubmitError(..)")
    }
}

impl<F> fmt::Display for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool has been shut down")
    }
}

impl<F> Error for SubmitError<F> {}
