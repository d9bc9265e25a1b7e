//! Must fail: a_panic_reaches_its_handle_whole (wrong)
//! Hint: Your handle says that there was a panic, in your own words. What did the caught panic carry, and what would somebody do who has only your words to find the fault?
//!
//! The mistake: the error is made anew, with a text that fits every panic and explains none.
//! What the job said about its end is thrown away.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Mutex, MutexGuard, PoisonError};
use wt_core::thread;

type Job = Box<dyn FnOnce() + Send + 'static>;

#[derive(Debug)]
pub struct Pool {
    jobs: Mutex<Option<Sender<Job>>>,
    workers: Mutex<Vec<thread::JoinHandle<()>>>,
}

#[derive(Debug)]
pub struct JoinHandle<T> {
    result: Receiver<thread::Result<T>>,
}

impl Pool {
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let (jobs, queue) = channel::unbounded();
        let workers = (0..workers)
            .map(|id| start_worker(id, queue.clone()))
            .collect();
        Ok(Pool {
            jobs: Mutex::new(Some(jobs)),
            workers: Mutex::new(workers),
        })
    }

    pub fn submit<T, F>(&self, job: F) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let jobs = lock(&self.jobs);
        let Some(jobs) = jobs.as_ref() else {
            return Err(SubmitError(job));
        };
        let (tx, result) = channel::bounded(1);
        let job = move || {
            let result: thread::Result<T> = match catch_unwind(AssertUnwindSafe(job)) {
                Ok(value) => Ok(value),
                Err(_) => Err(Box::new("the job panicked")),
            };
            let _ = tx.send(result);
        };
        jobs.send(Box::new(job))
            .expect("a worker outlives its jobs");
        Ok(JoinHandle { result })
    }

    pub fn shutdown(&self) {
        drop(lock(&self.jobs).take());
        for worker in lock(&self.workers).drain(..) {
            let _ = worker.join();
        }
    }
}

impl<T> JoinHandle<T> {
    pub fn join(self) -> thread::Result<T> {
        self.result.recv().expect("a queued job runs")
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn start_worker(id: usize, queue: Receiver<Job>) -> thread::JoinHandle<()> {
    thread::Builder::new()
        .name(format!("worker-{id}"))
        .spawn(move || {
            for job in queue {
                job();
            }
        })
        .expect("the operating system starts another thread")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
