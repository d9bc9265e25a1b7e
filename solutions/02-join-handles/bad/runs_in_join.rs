//! Must fail: jobs_run_on_at_most_n_threads (wrong), a_thousand_panics_leave_n_workers (wrong), a_dropped_handle_changes_nothing (wrong), shutdown_runs_what_is_queued (wrong)
//! Hint: Your `submit` only keeps the job, and `join` runs it. How much work is done while nobody has called `join` yet, and on how many threads?
//!
//! The mistake: the handle keeps the job and `join` runs it, as a future that nobody polls
//! does nothing. There are workers, and they have nothing to do; and a job whose handle is
//! dropped never runs.

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

pub struct JoinHandle<T> {
    job: Box<dyn FnOnce() -> T + Send>,
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
        if jobs.is_none() {
            return Err(SubmitError(job));
        }
        Ok(JoinHandle { job: Box::new(job) })
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
        catch_unwind(AssertUnwindSafe(self.job))
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
