//! How a pool ends: gently, at once, or within a time.

use std::error::Error;
use std::fmt;

use wt_sync::sync::atomic::Ordering::SeqCst;
use wt_sync::time::{Duration, Instant};

use super::Pool;
use super::count::Count;
use super::error::JobError;
use super::job::{Claim, Job};
use super::waste::{Waste, dispose_all};
use super::worker;

impl Pool {
    /// Refuses new jobs, runs those that are queued, and joins the workers.
    ///
    /// Blocks until all workers have ended, also when another thread began the
    /// shutdown. A further call returns at once. `submit` calls that wait for
    /// room return their jobs.
    ///
    /// On a worker of this pool it cannot wait, because it would wait for
    /// itself: it refuses new jobs and returns. The workers end once the queue is
    /// empty; another thread's `shutdown`, or the drop, joins them.
    pub fn shutdown(&self) {
        self.queue.close();
        self.join_workers(None);
    }

    /// As [`shutdown`](Self::shutdown), but blocks for `timeout` at most.
    ///
    /// # Errors
    ///
    /// [`StillRunning`] if workers have not ended by then. The pool stays closed,
    /// and the workers end when their jobs do. Any form of `shutdown` may be
    /// called again; the drop of the pool will not wait any more, so that a job
    /// that never ends does not keep its owner.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use wt_core::channel;
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(1)?;
    /// let (tx, rx) = channel::bounded::<()>(0);
    /// pool.submit_detached(move || drop(rx.recv()))?;
    ///
    /// let error = pool.shutdown_timeout(Duration::from_millis(1)).unwrap_err();
    /// assert_eq!(error.workers, 1);
    /// drop(tx);
    /// pool.shutdown_timeout(Duration::from_secs(60))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown_timeout(&self, timeout: Duration) -> Result<(), StillRunning> {
        self.queue.close();
        let deadline = Instant::now().checked_add(timeout);
        match self.join_workers(deadline) {
            0 => Ok(()),
            workers => {
                self.given_up.store(true, SeqCst);
                Err(StillRunning { workers })
            }
        }
    }

    /// Refuses new jobs, drops those that are queued, and joins the workers.
    /// Returns how many jobs were dropped; their handles give
    /// [`JobError::Discarded`].
    ///
    /// Blocks until the running jobs have ended; a running job is not
    /// interrupted. Queued jobs of a [`scope`](Self::scope) still run, because
    /// their caller waits for their effect. On a worker of this pool it does not
    /// wait, as in [`shutdown`](Self::shutdown). May follow a `shutdown` that
    /// takes too long, from another thread. To keep the jobs, or not to wait, see
    /// [`close_and_take`](Self::close_and_take).
    pub fn shutdown_now(&self) -> usize {
        let count = self.close_and_take().len();
        self.join_workers(None);
        count
    }

    /// Refuses new jobs, and takes out those that are queued, except those of a
    /// [`scope`](Self::scope). Never blocks; [`shutdown`](Self::shutdown) then
    /// waits for the jobs that run.
    ///
    /// The jobs count as [discarded](super::Stats::discarded). Dropping one gives
    /// its handle [`JobError::Discarded`]; [`Unstarted::run`] runs it here.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::channel;
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(1)?;
    /// let (begun, begins) = channel::bounded(0);
    /// let (tx, rx) = channel::bounded::<()>(0);
    /// pool.submit_detached(move || {
    ///     begun.send(()).expect("somebody waits for this");
    ///     let _ = rx.recv();
    /// })?;
    /// begins.recv()?;
    /// let late = pool.submit(|| 7)?;
    ///
    /// for job in pool.close_and_take() {
    ///     job.run();
    /// }
    /// assert_eq!(late.join()?, 7);
    /// drop(tx);
    /// # Ok(())
    /// # }
    /// ```
    pub fn close_and_take(&self) -> Vec<Unstarted> {
        let mut refused = Waste::new();
        let mut jobs = Vec::new();
        for (job, answer) in self.queue.close_now() {
            match answer {
                Claim::Granted => jobs.push(Unstarted(Some(job))),
                answer => refused.push((job, answer)),
            }
        }
        dispose_all(&mut refused);
        jobs
    }

    /// Waits for the workers. Returns how many have not ended.
    fn join_workers(&self, deadline: Option<Instant>) -> usize {
        if worker::is_current(&self.queue) {
            return 0;
        }
        let living = self.queue.wait_for_workers(deadline);
        if living == 0 {
            self.queue.crew.join_all();
        }
        living
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
        if !self.given_up.load(SeqCst) {
            self.join_workers(None);
        }
    }
}

/// [`Pool::shutdown_timeout`] ran out of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StillRunning {
    /// How many workers had not ended.
    pub workers: usize,
}

impl fmt::Display for StillRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of the pool's workers had not ended in time",
            self.workers
        )
    }
}

impl Error for StillRunning {}

/// A job that was queued when the pool was closed, from
/// [`Pool::close_and_take`].
#[must_use = "dropping it discards the job"]
pub struct Unstarted(Option<Job>);

impl Unstarted {
    /// Runs the job on this thread. Its handle, if it has one, gets the result; a
    /// panic of a job without a handle goes no further than the panic hook.
    pub fn run(mut self) {
        if let Some(job) = self.0.take() {
            job.run(Count::Nowhere);
        }
    }
}

impl Drop for Unstarted {
    fn drop(&mut self) {
        if let Some(job) = self.0.take() {
            job.refuse(JobError::Discarded);
        }
    }
}

impl fmt::Debug for Unstarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unstarted").finish_non_exhaustive()
    }
}
