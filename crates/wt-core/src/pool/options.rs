//! Terms of a single job: its priority, its deadline, its token, its key.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

use wt_sync::time::{Duration, Instant};

use super::Pool;
use super::cancel::CancelToken;
use super::cell::Cell;
use super::handle::{JoinHandle, Ticket};
use super::job::{Claim, Detached};
use super::policy::SubmitError;
use super::queue::Effort;
use super::strategy::Place;

/// Which of the queued jobs begins first.
///
/// Within a level, jobs begin in the order in which they were queued. A job that
/// has begun is not interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Priority {
    /// Before all others that are queued.
    High,
    /// The default.
    #[default]
    Normal,
    /// Once nothing else is queued. Under a steady load that may be never.
    Low,
}

/// Why a job may not begin although it is its turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    pub(super) deadline: Option<Instant>,
    pub(super) token: Option<CancelToken>,
}

impl Terms {
    /// What becomes of a job whose turn it is.
    pub(super) fn verdict(&self) -> Claim {
        if self.token.as_ref().is_some_and(CancelToken::is_cancelled) {
            return Claim::Cancelled;
        }
        match self.deadline {
            Some(deadline) if deadline <= Instant::now() => Claim::Expired,
            _ => Claim::Granted,
        }
    }

    fn are_none(&self) -> bool {
        self.deadline.is_none() && self.token.is_none()
    }
}

/// A job that is being described; made by [`Pool::job`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use wt_core::pool::{Pool, Priority};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::new(2)?;
/// let reply = pool
///     .job()
///     .priority(Priority::High)
///     .timeout(Duration::from_secs(5))
///     .submit(|| "answered in time")?;
/// assert_eq!(reply.join()?, "answered in time");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a job is queued by `submit`"]
pub struct JobOptions<'a> {
    pool: &'a Pool,
    place: Option<Place>,
    terms: Terms,
}

impl Pool {
    /// Describes a job that is not like the others: urgent, with a deadline, or
    /// bound to a worker. [`submit`](JobOptions::submit) queues it.
    pub fn job(&self) -> JobOptions<'_> {
        JobOptions {
            pool: self,
            place: None,
            terms: Terms::default(),
        }
    }
}

impl JobOptions<'_> {
    /// Sets the priority. It takes the place of a [`key`](Self::key).
    pub fn priority(mut self, priority: Priority) -> Self {
        self.place = Some(Place::Shared(priority));
        self
    }

    /// Sets the moment after which the job does not begin: its handle gives
    /// [`JobError::Expired`](super::JobError::Expired) instead, and
    /// [`Stats::discarded`](super::Stats::discarded) counts it. A job that has
    /// begun is not interrupted.
    ///
    /// The handle tells at the deadline if it is waited for by a thread that is
    /// not a worker of the pool; else when a worker comes to the job, which keeps
    /// its place in the queue until then.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.terms.deadline = Some(deadline);
        self
    }

    /// Sets the [`deadline`](Self::deadline) to this long from now. None if that
    /// is further away than an `Instant` can say.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.terms.deadline = Instant::now().checked_add(timeout);
        self
    }

    /// Keeps the job from beginning once `token` is cancelled. Give the job a
    /// clone as well, if it runs for long.
    pub fn token(mut self, token: &CancelToken) -> Self {
        self.terms.token = Some(token.clone());
        self
    }

    /// Binds the job to one worker: jobs with equal keys run on the same worker,
    /// one after the other, in the order in which they were queued. They wait for
    /// that worker even if others are idle, and other keys may share it. Takes
    /// the place of a [`priority`](Self::priority).
    ///
    /// [`Pool::resize`] and idle retirement change which worker a key belongs to;
    /// what is queued then may run beside what comes later.
    pub fn key(mut self, key: &impl Hash) -> Self {
        // Not random: the same key meets the same worker in every pool of that size.
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        self.place = Some(Place::Key(hash));
        self
    }

    /// As [`Pool::submit`], on these terms.
    ///
    /// # Errors
    ///
    /// As [`Pool::submit`].
    pub fn submit<F, T>(self, job: F) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.offer(job, Effort::Policy)
    }

    /// As [`Pool::try_submit`], on these terms.
    ///
    /// # Errors
    ///
    /// As [`Pool::try_submit`].
    pub fn try_submit<F, T>(self, job: F) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.offer(job, Effort::Try)
    }

    /// As [`submit`](Self::submit), but while the queue is full, the task waits and
    /// not the thread, whatever the rejection policy. Dropping the future before it
    /// is ready drops the job, which was not queued.
    ///
    /// Tasks that wait for room are all told of it, and the first to come has it.
    ///
    /// # Errors
    ///
    /// [`SubmitError::ShutDown`], with the job inside, once shutdown has begun.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::pool::{JobError, Pool};
    ///
    /// async fn squares(pool: &Pool) -> Result<u64, JobError> {
    ///     let mut sum = 0;
    ///     for n in 0..10_u64 {
    ///         let job = pool.job().submit_async(move || n * n).await;
    ///         sum += job.expect("the pool is open").await?;
    ///     }
    ///     Ok(sum)
    /// }
    /// # use std::task::{Context, Poll, Waker};
    /// # let pool = Pool::new(1).unwrap();
    /// # let mut future = std::pin::pin!(squares(&pool));
    /// # let sum = loop {
    /// #     if let Poll::Ready(sum) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
    /// #         break sum;
    /// #     }
    /// # };
    /// # assert_eq!(sum.unwrap(), 285);
    /// ```
    pub async fn submit_async<F, T>(self, mut job: F) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        loop {
            match self.clone().try_submit(job) {
                Err(SubmitError::Full(again)) => job = again,
                settled => return settled,
            }
            self.pool.queue.room().await;
        }
    }

    /// As [`Pool::submit_detached`], on these terms. A deadline or a token costs
    /// the allocation that a handle costs.
    ///
    /// # Errors
    ///
    /// As [`Pool::submit`].
    pub fn submit_detached<F>(self, job: F) -> Result<(), SubmitError<F>>
    where
        F: FnOnce() + Send + 'static,
    {
        if self.terms.are_none() {
            let place = self.place.unwrap_or(self.pool.place());
            self.pool
                .place_work(Detached(job), place, Effort::Policy)
                .map_err(|refusal| refusal.map(|Detached(job)| job))
        } else {
            self.submit(job).map(drop)
        }
    }

    fn offer<F, T>(self, job: F, effort: Effort) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let place = self.place.unwrap_or(self.pool.place());
        let (queued, cell) = Cell::pair(job, None, self.terms);
        match self.pool.place_work(queued, place, effort) {
            Ok(()) => Ok(JoinHandle::new(Ticket::new(&self.pool.queue, cell))),
            Err(refusal) => Err(refusal.map(|queued| {
                drop(queued);
                Cell::into_closure(cell)
            })),
        }
    }
}
