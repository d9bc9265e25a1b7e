//! The handle to one job's result: elsewhere a future, promise or ticket.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use wt_sync::sync::Arc;
use wt_sync::time::{Duration, Instant};

use super::cell::{Cell, Outcome};
use super::count::Count;
use super::error::JobError;
use super::half::Half;
use super::job::Claim;
use super::queue::Queue;
use super::worker;

/// A job seen from the side that waits. `'a` is `'static`, or the scope's.
pub(super) struct Ticket<'a, T> {
    queue: Arc<Queue>,
    outcome: Half<dyn Outcome<T> + 'a>,
    is_taken: bool,
}

impl<'a, T> Ticket<'a, T> {
    pub(super) fn new<F>(queue: &Arc<Queue>, cell: Half<Cell<F, T>>) -> Self
    where
        F: FnOnce() -> T + Send + 'a,
        T: Send + 'a,
    {
        Self {
            queue: Arc::clone(queue),
            outcome: cell.map_type::<dyn Outcome<T> + 'a>(|cell| cell),
            is_taken: false,
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.outcome.latch().is_open()
    }

    pub(super) fn join(mut self) -> Result<T, JobError> {
        if !self.is_finished() {
            self.wait();
        }
        // SAFETY: it has ended.
        unsafe { self.take() }
    }

    #[cold]
    fn wait(&self) {
        self.prepare_wait();
        let patience = self.queue.idle.patience_outside();
        if let Some(deadline) = self.outcome.terms().deadline
            && !worker::is_current(&self.queue)
            && !self.outcome.latch().wait_until(patience, Some(deadline))
        {
            // From now on no worker begins it, so there is no reason to wait for one.
            self.refuse(Claim::Expired);
        }
        self.outcome.latch().wait(patience);
    }

    /// As `join`, but runs the job here if it has not begun.
    pub(super) fn join_here(self) -> Result<T, JobError> {
        self.run_here();
        self.join()
    }

    /// Waits until `deadline` at most. Returns whether the job has ended.
    fn wait_until(&mut self, deadline: Option<Instant>) -> bool {
        self.prepare_wait();
        let patience = self.queue.idle.patience_outside();
        self.outcome.latch().wait_until(patience, deadline)
    }

    /// A worker that is about to wait for a job which has not begun runs it.
    /// The stack then grows as it would in a plain call.
    fn prepare_wait(&self) {
        if self.is_finished() {
            return;
        }
        assert!(
            !self.outcome.runs_here(),
            "the job waits for itself: it is running on the thread that joins it"
        );
        if !worker::is_current(&self.queue) {
            return;
        }
        match self.outcome.terms().verdict() {
            Claim::Granted => self.run_here(),
            refusal => drop(self.refuse(refusal)),
        }
    }

    fn run_here(&self) {
        if !self.outcome.claim() {
            return;
        }
        self.queue.claimed(Claim::Granted);
        let scope = self.outcome.scope().cloned();
        // SAFETY: the claim was granted above.
        unsafe { self.outcome.run_claimed(Count::Queue(&self.queue)) };
        if let Some(scope) = scope {
            scope.end(None);
        }
    }

    /// Keeps the job from beginning, if it has not begun. Returns whether it did.
    pub(super) fn refuse(&self, reason: Claim) -> bool {
        let claimed = self.outcome.claim();
        if claimed {
            self.queue.claimed(reason);
            let error = match reason {
                Claim::Expired => JobError::Expired,
                _ => JobError::Cancelled,
            };
            // SAFETY: the claim was granted above.
            unsafe { self.outcome.refuse_claimed(error) };
        }
        claimed
    }

    /// Takes the result.
    ///
    /// # Safety
    ///
    /// `is_finished` has said so.
    unsafe fn take(&mut self) -> Result<T, JobError> {
        assert!(!self.is_taken, "the result of this job was already taken");
        self.is_taken = true;
        // SAFETY: the latch is open, and `&mut self` is the handle's owner.
        unsafe { self.outcome.take() }.expect("a job that has ended has a result")
    }
}

/// A result that nobody took is dropped with its handle. The queue may still hold
/// a place of the same job, and keep the cell, after a worker ran it in `join`;
/// what the result borrows would not live as long.
impl<T> Drop for Ticket<'_, T> {
    fn drop(&mut self) {
        if !self.is_taken && self.is_finished() {
            // SAFETY: as in `take`.
            let result = unsafe { self.outcome.take() };
            if let Some(scope) = self.outcome.scope() {
                scope.record_unseen(result);
            }
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
    /// [`JobError::Panicked`], [`JobError::Cancelled`], [`JobError::Discarded`] or
    /// [`JobError::Expired`]; never [`JobError::TimedOut`].
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
        if self.is_finished() {
            // SAFETY: it has ended.
            Some(unsafe { self.0.take() })
        } else {
            None
        }
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
        if self.0.wait_until(deadline) {
            // SAFETY: it has ended.
            unsafe { self.0.take() }
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
        self.0.refuse(Claim::Cancelled)
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JobError>;

    /// # Panics
    ///
    /// If the result was already taken.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0.outcome.latch().poll(cx.waker()) {
            // SAFETY: it has ended.
            Poll::Ready(unsafe { self.0.take() })
        } else {
            Poll::Pending
        }
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("finished", &self.is_finished())
            .finish()
    }
}
