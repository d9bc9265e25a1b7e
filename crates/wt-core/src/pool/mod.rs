//! Worker threads behind a bounded queue. Also known as an executor service
//! (Java) or a worker pool (Node).
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
//! - [`Pool::scope`] lets jobs borrow from the caller's stack;
//!   [`Pool::for_each_chunk`], [`Pool::map_reduce`] and [`Pool::join`] do so for
//!   slices and recursion.
//! - A worker that waits for a job of its own pool runs queued jobs meanwhile,
//!   so jobs may submit, join and open scopes without deadlock.
//! - No lock is held while a job runs. An idle worker looks around for a moment,
//!   see [`Idle`], and sleeps.
//! - A job may have a priority, a deadline, a [`CancelToken`] or a key:
//!   [`Pool::job`].
//!
//! # Order
//!
//! With one worker, jobs begin in the order in which they were queued, within
//! their [`Priority`]. With several, a worker takes a few jobs at a time and the
//! others go on with what comes next, so neighbours may swap. A long job holds up
//! none behind it: whoever is idle steals what a worker has taken and not begun.
//! Only a worker that waits in a `join` takes the newest first.
//!
//! # Inside
//!
//! ```text
//! job.rs     a closure in a slot of 64 bytes      cell.rs, half.rs      a job and its handle
//! state.rs   all that the queue's lock guards:    latch.rs   how to wait for an end
//!   lanes.rs   jobs that nobody has taken         handle.rs, scope.rs   who waits
//!   take.rs    what a worker takes of them        fork.rs, chunks.rs    recursion, slices
//!   seats.rs   who works here                     crew.rs    how threads begin and end
//!   sleepers.rs, idle.rs   who sleeps, and when   count.rs, watch.rs    counters, clocks
//! queue.rs   the submitters' side                 room.rs, quiet.rs     waiting for the queue
//! visit.rs   the workers' side                    call.rs, hints.rs     how both sides meet
//! ```
//!
//! Atomics are `SeqCst` where no comment says otherwise, and comments name what pairs
//! with what. They are few: beside the lock's own, a job without a handle makes no
//! atomic store while the queue is busy, and one with a handle makes three.
//!
//! The policies are those of Java's `ThreadPoolExecutor`, the helping joins are
//! rayon's, and the rule of one searcher is that of Go's scheduler and of tokio.
//! `tests/pool_model.rs` runs all of it under schedules that shuttle chooses.

mod batch;
mod broadcast;
mod builder;
mod call;
mod cancel;
mod cell;
mod chunks;
mod count;
mod crew;
mod error;
mod fork;
mod half;
mod handle;
mod hints;
mod idle;
mod job;
mod lanes;
mod latch;
mod local;
mod options;
mod policy;
mod queue;
mod quiet;
mod room;
mod scope;
mod seats;
mod shutdown;
mod sleepers;
mod state;
mod stats;
mod strategy;
mod take;
mod visit;
mod waste;
mod watch;
mod worker;

use std::fmt;

use wt_sync::sync::Arc;
use wt_sync::sync::atomic::AtomicBool;

pub use batch::BatchError;
pub use builder::{Builder, DEFAULT_CAPACITY};
pub use cancel::CancelToken;
pub use error::{BuildError, JobError, JobPanic, Payload};
pub use handle::JoinHandle;
pub use idle::Idle;
pub use local::WorkerLocal;
pub use options::{JobOptions, Priority};
pub use policy::{RejectionPolicy, SubmitError};
pub use quiet::StillBusy;
pub use scope::{Scope, ScopedJoinHandle};
pub use shutdown::{StillRunning, Unstarted};
pub use stats::{Stats, WorkerState, WorkerStats};
pub use strategy::Strategy;
pub use watch::Recorder;

use count::Count;
use job::{Claim, Detached, Job, Work};
use queue::{Effort, Offer, Queue};
use strategy::Place;

/// Worker threads behind a bounded queue.
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
    strategy: Strategy,
    /// A shutdown ran out of time: the drop does not wait either.
    given_up: AtomicBool,
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
        self.job().submit(job)
    }

    /// Queues `job` without a handle: nobody waits for it, and nobody can cancel
    /// it. This is the fastest way to have something done: nothing is allocated
    /// if `job` captures at most 48 bytes.
    ///
    /// A panic of `job` is counted in [`Stats::failed`] and told to the panic
    /// hook, as in any thread; nobody else hears of it. Blocks as
    /// [`submit`](Self::submit).
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit).
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::channel;
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(2)?;
    /// let (tx, rx) = channel::unbounded();
    /// for n in 1..=3 {
    ///     let tx = tx.clone();
    ///     pool.submit_detached(move || tx.send(n * n).expect("the receiver lives"))?;
    /// }
    /// drop(tx);
    /// assert_eq!(rx.iter().sum::<u32>(), 14);
    /// # Ok(())
    /// # }
    /// ```
    pub fn submit_detached<F>(&self, job: F) -> Result<(), SubmitError<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        self.place_detached(job, Effort::Policy)
    }

    /// Queues `job` without a handle if there is room now; see
    /// [`submit_detached`](Self::submit_detached) and
    /// [`try_submit`](Self::try_submit).
    ///
    /// # Errors
    ///
    /// As [`try_submit`](Self::try_submit).
    pub fn try_submit_detached<F>(&self, job: F) -> Result<(), SubmitError<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        self.place_detached(job, Effort::Try)
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
        self.job().try_submit(job)
    }

    /// The pool's counters, all read at one moment. Blocks no longer than a
    /// `submit` holds the queue's lock; a busy worker does not delay it.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.queue.lock().stats()
    }

    /// What each living worker does and has done, all read at one moment.
    #[must_use]
    pub fn worker_stats(&self) -> Vec<WorkerStats> {
        let watch = &self.queue.watch;
        self.queue.lock().worker_stats(|clock| watch.read(clock))
    }

    /// How many workers the pool was built for, or was last resized to.
    /// [`Stats::workers`] is how many are alive.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.queue.lock().plan.target
    }

    /// Changes how many workers the pool has. Returns at once.
    ///
    /// More workers are started now, or when jobs come if the pool has
    /// [`min_workers`](Builder::min_workers). Surplus workers end once they have
    /// run what they hold; no job is interrupted or lost. If the system refuses a
    /// thread, the pool goes on with those it has: see [`Stats::workers`].
    ///
    /// # Panics
    ///
    /// If `workers` is 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(1)?;
    /// pool.resize(3);
    /// assert_eq!((pool.workers(), pool.stats().workers), (3, 3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn resize(&self, workers: usize) {
        assert!(workers > 0, "a pool of 0 workers would never run a job");
        self.queue.resize(workers);
    }

    fn place_detached<F>(&self, job: F, effort: Effort) -> Result<(), SubmitError<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        self.place_work(Detached(job), self.place(), effort)
            .map_err(|refusal| refusal.map(|Detached(job)| job))
    }

    /// Where a job goes that does not say.
    fn place(&self) -> Place {
        self.strategy.place()
    }

    /// Has `work` queued, or runs it, or hands it back.
    #[inline]
    fn place_work<W: Work + 'static>(
        &self,
        work: W,
        place: Place,
        effort: Effort,
    ) -> Result<(), SubmitError<W>> {
        match self.queue.offer(Job::new(work), place, effort) {
            Offer::Queued => {}
            Offer::RunHere(job, Claim::Granted) => job.run(Count::Queue(&self.queue)),
            Offer::RunHere(job, refused) => worker::dispose(job, refused),
            // SAFETY: the job was made from a `W` above.
            Offer::Full(job) => return Err(SubmitError::Full(unsafe { job.into_work() })),
            // SAFETY: as above.
            Offer::ShutDown(job) => return Err(SubmitError::ShutDown(unsafe { job.into_work() })),
        }
        Ok(())
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.queue.crew.name)
            .field("workers", &self.workers())
            .field("strategy", &self.strategy)
            .field("policy", &self.queue.policy)
            .field("stats", &self.stats())
            .finish()
    }
}
