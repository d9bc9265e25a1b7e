//! Lesson 02: a pool whose jobs answer. The brief is in `README.md`.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use wt_core::thread;

/// A fixed number of worker threads that share one queue of jobs.
///
/// Each job has a [`JoinHandle`] through which its result comes back. A job that
/// panics costs the pool nothing: its handle tells, and the workers go on.
/// Dropping the pool is a [`shutdown`](Self::shutdown).
pub struct Pool {
    // Your pool of lesson 01 is a good beginning. What must change so that `&self`
    // can end it, and so that a job's panic does not end a worker?
}

/// A claim on the result of one job; made by [`Pool::submit`].
///
/// Dropping it gives up the result and nothing else: the job runs all the same.
pub struct JoinHandle<T> {
    // What do a job and its handle share, so that one can leave a result there, and
    // the other can wait for it?
    _result: PhantomData<T>,
}

impl Pool {
    /// Starts a pool of `workers` threads that wait for jobs.
    ///
    /// # Errors
    ///
    /// Returns [`ZeroWorkers`] if `workers` is 0: such a pool would accept jobs
    /// and never run one.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        todo!("start {workers} workers, or refuse to start none")
    }

    /// Queues `job`, which the first free worker runs, and returns a handle to its
    /// result. Never waits.
    ///
    /// # Errors
    ///
    /// Returns [`SubmitError`], with the job inside, once
    /// [`shutdown`](Self::shutdown) has begun.
    pub fn submit<T, F>(&self, job: F) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let _ = job;
        todo!("queue the job together with a place for its result, or hand it back")
    }

    /// Takes no more jobs, runs those that are queued, and returns when the last
    /// worker has ended. Calling it again is harmless.
    pub fn shutdown(&self) {
        todo!("refuse further jobs, then wait for the workers")
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
    pub fn join(self) -> thread::Result<T> {
        todo!("wait for the job's value, or for its panic")
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
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
