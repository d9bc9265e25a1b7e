//! A worker pool whose jobs answer: each has a handle for its value or its panic.
//!
//! Such a handle is also called a future, a promise or a ticket; the name and the
//! result type here are those of [`std::thread::JoinHandle`]. The place where a job
//! leaves its result is a channel of one place, made for this one message.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Mutex, MutexGuard, PoisonError};
use wt_core::thread;

/// Jobs have different types; boxed, they share one queue.
type Job = Box<dyn FnOnce() + Send + 'static>;

/// A fixed number of worker threads that share one queue of jobs.
///
/// Each job has a [`JoinHandle`] through which its result comes back. A job that
/// panics costs the pool nothing: its handle tells, and the workers go on.
/// Dropping the pool is a [`shutdown`](Self::shutdown).
#[derive(Debug)]
pub struct Pool {
    /// `None` once [`shutdown`](Self::shutdown) has begun. Giving up this sender is
    /// what ends the workers.
    jobs: Mutex<Option<Sender<Job>>>,
    workers: Mutex<Vec<thread::JoinHandle<()>>>,
}

/// A claim on the result of one job; made by [`Pool::submit`].
///
/// Dropping it gives up the result and nothing else: the job runs all the same.
#[derive(Debug)]
pub struct JoinHandle<T> {
    result: Receiver<thread::Result<T>>,
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
            jobs: Mutex::new(Some(jobs)),
            workers: Mutex::new(workers),
        })
    }

    /// Queues `job`, which the first free worker runs, and returns a handle to its
    /// result. Never waits.
    ///
    /// # Errors
    ///
    /// Returns [`SubmitError`], with the job inside, once
    /// [`shutdown`](Self::shutdown) has begun.
    ///
    /// # Panics
    ///
    /// Never: a worker outlives every job.
    pub fn submit<T, F>(&self, job: F) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // Ask before the job goes into its box: afterwards nobody could hand it back.
        let jobs = lock(&self.jobs);
        let Some(jobs) = jobs.as_ref() else {
            return Err(SubmitError(job));
        };
        // A place for the result: the worker never waits for whoever joins.
        let (tx, result) = channel::bounded(1);
        let job = move || {
            // The assertion is true: after a panic nobody sees what the job has
            // captured, because it has been dropped.
            let result = catch_unwind(AssertUnwindSafe(job));
            // An error means that the handle is gone. Then nobody wants the result.
            let _ = tx.send(result);
        };
        jobs.send(Box::new(job))
            .expect("a worker outlives its jobs");
        Ok(JoinHandle { result })
    }

    /// Takes no more jobs, runs those that are queued, and returns when the last
    /// worker has ended. Calling it again is harmless.
    pub fn shutdown(&self) {
        drop(lock(&self.jobs).take());
        // Under the lock, so that a second caller returns no earlier than the first.
        for worker in lock(&self.workers).drain(..) {
            // A worker has nothing to tell: every panic is in some handle.
            let _ = worker.join();
        }
    }
}

impl<T> JoinHandle<T> {
    /// Sleeps until the job has ended, and returns its value.
    ///
    /// Any thread may wait, not only the one that submitted the job; and the pool
    /// may be gone by then.
    ///
    /// # Errors
    ///
    /// If the job panicked: what the panic carried, as from
    /// [`std::thread::JoinHandle::join`].
    ///
    /// # Panics
    ///
    /// Never: a pool runs every job that it has taken.
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

/// No code of the caller runs under these locks, so a poisoned one is as good as new;
/// and `drop` must not panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The error of [`Pool::submit`]: the pool takes no more jobs. The job is inside.
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
