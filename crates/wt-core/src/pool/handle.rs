//! The handle to one job's result: elsewhere a future, promise or ticket.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use wt_sync::sync::Arc;
use wt_sync::time::{Duration, Instant};

use super::error::JobError;
use super::job::Outcome;
use super::queue::Queue;
use super::worker;

/// A job seen from the side that waits. `'a` is `'static`, or the scope's.
pub(super) struct Ticket<'a, T> {
    queue: Arc<Queue>,
    id: u64,
    outcome: Arc<dyn Outcome<T> + 'a>,
}

impl<'a, T> Ticket<'a, T> {
    pub(super) fn new(queue: &Arc<Queue>, id: u64, outcome: Arc<dyn Outcome<T> + 'a>) -> Self {
        Self {
            queue: Arc::clone(queue),
            id,
            outcome,
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.outcome.latch().is_open()
    }

    pub(super) fn join(self) -> Result<T, JobError> {
        self.prepare_wait();
        self.outcome.latch().wait();
        self.outcome.take()
    }

    /// A worker that is about to wait for a job which has not begun runs it.
    /// The stack then grows as it would in a plain call.
    fn prepare_wait(&self) {
        assert!(
            self.is_finished() || !worker::is_on_stack(Arc::as_ptr(&self.outcome).cast()),
            "job {} waits for itself: it is running on the thread that joins it",
            self.id
        );
        if worker::is_current(&self.queue)
            && let Some(entry) = self.queue.begin_queued(self.id)
        {
            self.queue.run(entry);
        }
    }
}

/// Owns the right to one job's result.
///
/// Dropping the handle detaches the job: it still runs, and nobody waits. Its
/// result is dropped on the worker, which catches a panic of the destructor, or
/// with the handle if the job has already ended.
///
/// The handle is also a [`Future`] with the output of [`join`](Self::join).
/// Dropping the future detaches the job, it does not cancel it.
///
/// No handle waits for ever because of the pool: every job that was accepted
/// ends in a value or a [`JobError`], whatever happens to the pool.
///
/// # Workers that wait
///
/// A worker that calls [`join`](Self::join) does not stand idle. If the job has
/// not begun and is the worker's own pool's, the worker runs it there and then.
/// Otherwise it runs queued jobs of its own pool, newest first, until the job has
/// ended. So nested joins do not deadlock, even with one worker. The price: any
/// queued job may run inside `join`, so hold no lock across it that such a job
/// needs.
pub struct JoinHandle<T>(Ticket<'static, T>);

impl<T> JoinHandle<T> {
    pub(super) fn new(ticket: Ticket<'static, T>) -> Self {
        Self(ticket)
    }

    /// Blocks until the job has ended, and returns its value.
    ///
    /// # Errors
    ///
    /// [`JobError::Panicked`], [`JobError::Cancelled`] or
    /// [`JobError::Discarded`]; never [`JobError::TimedOut`].
    ///
    /// # Panics
    ///
    /// If the job is running on the calling thread: directly, when a job joins
    /// itself, or because the calling job runs inside the other's `join`. The
    /// wait would never end. Also if the result was already taken by
    /// [`try_join`](Self::try_join), [`join_timeout`](Self::join_timeout) or a
    /// poll.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(1)?;
    /// let good = pool.submit(|| 6 * 7)?;
    /// let bad = pool.submit(|| -> u32 { panic!("out of paper") })?;
    ///
    /// assert_eq!(good.join()?, 42);
    /// let error = bad.join().unwrap_err();
    /// assert_eq!(error.to_string(), "the job panicked: out of paper");
    /// # Ok(())
    /// # }
    /// ```
    pub fn join(self) -> Result<T, JobError> {
        self.0.join()
    }

    /// Returns the result if the job has ended, `None` if not. Never blocks.
    ///
    /// # Panics
    ///
    /// If the result was already taken.
    pub fn try_join(&mut self) -> Option<Result<T, JobError>> {
        self.is_finished().then(|| self.0.outcome.take())
    }

    /// Blocks until the job has ended or `timeout` has passed.
    ///
    /// A worker of the same pool runs the job itself if it has not begun, so it
    /// may return late, by the length of that job. It runs no other.
    ///
    /// # Errors
    ///
    /// [`JobError::TimedOut`] if the job has not ended; the handle may be used
    /// again. Otherwise as [`join`](Self::join).
    ///
    /// # Panics
    ///
    /// As [`join`](Self::join).
    pub fn join_timeout(&mut self, timeout: Duration) -> Result<T, JobError> {
        // No deadline if it lies beyond what an `Instant` can hold.
        let deadline = Instant::now().checked_add(timeout);
        self.0.prepare_wait();
        if self.0.outcome.latch().wait_until(deadline) {
            self.0.outcome.take()
        } else {
            Err(JobError::TimedOut)
        }
    }

    /// Whether the job has ended: the next `join` returns at once.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Takes the job out of the queue if it has not begun, and drops it here.
    /// Returns whether it did; `join` then gives [`JobError::Cancelled`]. Never
    /// blocks.
    ///
    /// A job that has begun runs to its end: a thread cannot be stopped from
    /// outside without breaking what it holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::channel;
    /// use wt_core::pool::{JobError, Pool};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(1)?;
    /// let (tx, rx) = channel::bounded::<()>(0);
    /// let running = pool.submit(move || rx.recv())?;
    /// let queued = pool.submit(|| unreachable!("never begins"))?;
    ///
    /// assert!(queued.cancel());
    /// assert!(matches!(queued.join(), Err(JobError::Cancelled)));
    /// tx.send(())?;
    /// running.join()??;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self) -> bool {
        let entry = self.0.queue.cancel_queued(self.0.id);
        let cancelled = entry.is_some();
        if let Some(entry) = entry {
            entry.job.abandon(JobError::Cancelled);
        }
        cancelled
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JobError>;

    /// # Panics
    ///
    /// If the result was already taken.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0.outcome.latch().poll(cx.waker()) {
            Poll::Ready(self.0.outcome.take())
        } else {
            Poll::Pending
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("job", &self.0.id)
            .field("finished", &self.is_finished())
            .finish()
    }
}
