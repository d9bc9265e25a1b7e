//! A fixed set of worker threads behind a bounded queue. Also known as an
//! executor service (Java) or a worker pool (Node).
//!
//! ```text
//! submit ──> [ j4 j3 j2 j1 ] ──> worker 0 ──> JoinHandle
//!    │        full? the policy   worker 1
//!    └─ Block, Reject, CallerRuns, DiscardOldest
//! ```
//!
//! - The queue is bounded, so a producer that is too fast feels it.
//! - Every accepted job ends in a value or a [`JobError`] at its
//!   [`JoinHandle`]. A panic fails one job and ends no worker.
//! - [`Pool::scope`] lets jobs borrow from the caller's stack.
//! - A worker that waits for a job of its own pool runs queued jobs meanwhile,
//!   so jobs may submit, join and open scopes without deadlock.
//! - No lock is held while a job runs. An idle worker sleeps and does not spin.
//!
//! The queue is one mutex and two condition variables, as in the last chapter of
//! *The Rust Programming Language*, with the policies of Java's
//! `ThreadPoolExecutor` and the helping joins of rayon. Jobs begin in the order
//! in which they were queued, except those that a waiting worker takes.

mod builder;
mod error;
mod handle;
mod job;
mod latch;
mod policy;
mod queue;
mod scope;
mod stats;
mod worker;

use std::fmt;

use wt_sync::sync::{Arc, Mutex, MutexGuard};
use wt_sync::thread;

pub use builder::{Builder, DEFAULT_CAPACITY};
pub use error::{BuildError, JobError, JobPanic, Payload};
pub use handle::JoinHandle;
pub use policy::{RejectionPolicy, SubmitError};
pub use scope::{Scope, ScopedJoinHandle};
pub use stats::Stats;

use handle::Ticket;
use job::Cell;
use queue::{Effort, Offer, Queue};

/// A fixed set of worker threads behind a bounded queue.
///
/// All methods take `&self`: share the pool by reference, or in an `Arc`.
///
/// Dropping the pool is [`shutdown`](Self::shutdown): queued jobs still run, and
/// the drop blocks until they have. Dropping it on one of its own workers, as
/// happens when a job holds the last `Arc<Pool>`, does not block: the workers
/// finish the queue and end by themselves.
///
/// # Examples
///
/// ```
/// use wt_core::pool::Pool;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::new(2)?;
/// let jobs: Vec<_> = (1..=3)
///     .map(|n| pool.submit(move || n * n))
///     .collect::<Result<_, _>>()?;
/// let squares: Vec<u32> = jobs
///     .into_iter()
///     .map(|job| job.join())
///     .collect::<Result<_, _>>()?;
/// assert_eq!(squares, [1, 4, 9]);
///
/// let stats = pool.stats();
/// assert_eq!((stats.submitted, stats.done), (3, 3));
/// # Ok(())
/// # }
/// ```
pub struct Pool {
    queue: Arc<Queue>,
    /// Empty once the workers have been joined.
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
    workers: usize,
    name: String,
}

impl Pool {
    /// Starts a pool of `workers` threads, with the other settings of
    /// [`Builder`] at their defaults.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    pub fn new(workers: usize) -> Result<Self, BuildError> {
        Self::builder().workers(workers).build()
    }

    /// Describes a pool step by step.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Queues `job` and returns a handle to its result.
    ///
    /// While the queue is full, the [`RejectionPolicy`] decides. Under
    /// [`Block`](RejectionPolicy::Block), the default, this blocks until there is
    /// room or shutdown begins; on a worker of this pool it never blocks, but
    /// runs the job at once. [`try_submit`](Self::try_submit) never waits: it
    /// hands the job back.
    ///
    /// # Errors
    ///
    /// Returns [`SubmitError`], with the job inside: `Full` if the policy says
    /// so, `ShutDown` once [`shutdown`](Self::shutdown) or
    /// [`shutdown_now`](Self::shutdown_now) has begun, also to jobs of this pool.
    pub fn submit<F, T>(&self, job: F) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.offer(job, Effort::Policy)
    }

    /// Queues `job` if there is room now. Never waits, never runs the job, never
    /// discards another one, whatever the rejection policy.
    ///
    /// # Errors
    ///
    /// Returns [`SubmitError`], with the job inside, if the queue is full or the
    /// pool is shut down.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::pool::{Pool, SubmitError};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(1)?;
    /// pool.shutdown();
    /// let Err(SubmitError::ShutDown(job)) = pool.try_submit(|| 42) else {
    ///     unreachable!("the pool is shut down");
    /// };
    /// assert_eq!(job(), 42);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_submit<F, T>(&self, job: F) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.offer(job, Effort::Try)
    }

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
        self.join_workers();
    }

    /// Refuses new jobs, drops those that are queued, and joins the workers.
    /// Returns how many jobs were dropped; their handles give
    /// [`JobError::Discarded`].
    ///
    /// Blocks until the running jobs have ended; a running job is not
    /// interrupted. Queued jobs of a [`scope`](Self::scope) still run, because
    /// their caller waits for their effect. On a worker of this pool it does not
    /// wait, as in [`shutdown`](Self::shutdown). May follow a `shutdown` that
    /// takes too long, from another thread.
    pub fn shutdown_now(&self) -> usize {
        let dropped = self.queue.close_now();
        let count = dropped.len();
        for entry in dropped {
            entry.job.abandon(JobError::Discarded);
        }
        self.join_workers();
        count
    }

    /// The pool's counters, all read at one moment. Blocks no longer than a
    /// `submit` holds the queue's lock; a busy worker does not delay it.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.queue.stats()
    }

    /// How many workers the pool was built with. [`Stats::workers`] is how many
    /// are alive.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers
    }

    fn offer<F, T>(&self, job: F, effort: Effort) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let cell = Arc::new(Cell::new(job, None));
        let id = match self.queue.offer(Arc::clone(&cell) as _, effort) {
            Offer::Queued(id) => id,
            Offer::Displaced(id, oldest) => {
                oldest.job.abandon(JobError::Discarded);
                id
            }
            Offer::RunHere(entry) => {
                let id = entry.id;
                self.queue.run(entry);
                id
            }
            Offer::Full => return Err(SubmitError::Full(cell.take_back())),
            Offer::ShutDown => return Err(SubmitError::ShutDown(cell.take_back())),
        };
        Ok(JoinHandle::new(Ticket::new(&self.queue, id, cell)))
    }

    fn join_workers(&self) {
        if worker::is_current(&self.queue) {
            return;
        }
        // Held while joining, so a second caller waits as well. No worker of this pool takes it.
        for thread in self.threads().drain(..) {
            // Workers catch the panics of jobs, so there is no other panic to report.
            let _ = thread.join();
        }
    }

    fn threads(&self) -> MutexGuard<'_, Vec<thread::JoinHandle<()>>> {
        self.threads
            .lock()
            .expect("no job runs under the lock of the threads")
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.name)
            .field("workers", &self.workers)
            .field("capacity", &self.queue.capacity)
            .field("policy", &self.queue.policy)
            .field("stats", &self.stats())
            .finish()
    }
}
