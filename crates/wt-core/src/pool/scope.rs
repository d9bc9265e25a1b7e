//! Scopes: jobs that may borrow from the caller's stack.
//!
//! The idea is `std::thread::scope` (RFC 3151) on a pool, as rayon's `scope`;
//! the lifetimes are std's. What makes it sound is one promise: [`Pool::scope`]
//! does not return, and does not unwind, while any of its jobs exists.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;

use wt_sync::sync::{Arc, Mutex};

use super::Pool;
use super::cell::Cell;
use super::count::Count;
use super::error::{JobError, Payload};
use super::handle::Ticket;
use super::job::{Job, swallow};
use super::latch::Latch;
use super::options::{Priority, Terms};
use super::queue::{Effort, Offer, Queue};
use super::strategy::Place;

/// Where jobs that borrow are spawned. Made by [`Pool::scope`].
///
/// `'scope` is the time in which jobs may run; `'env` is whatever they may
/// borrow from, which is longer. Both are invariant, so neither can be stretched.
pub struct Scope<'scope, 'env: 'scope> {
    queue: Arc<Queue>,
    state: Arc<ScopeState>,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// What a scope's jobs tell their scope.
pub(super) struct ScopeState {
    jobs: Latch,
    panic: Mutex<Option<Payload>>,
}

impl ScopeState {
    /// Keeps the first panic, for the scope's caller.
    pub(super) fn record(&self, payload: Payload) {
        let mut first = self.panic.lock().expect(UNPOISONED);
        if first.is_none() {
            *first = Some(payload);
            return;
        }
        drop(first);
        swallow(Some(payload));
    }

    /// Drops a result that no handle took. A panic in it belongs to the scope.
    pub(super) fn record_unseen<T>(&self, result: Option<Result<T, JobError>>) {
        if let Some(Err(JobError::Panicked(panic))) = result {
            self.record(panic.into_payload());
        }
    }

    /// One job, its closure and its result are gone from the pool.
    pub(super) fn end(&self, panic: Option<Payload>) {
        if let Some(payload) = panic {
            self.record(payload);
        }
        self.jobs.count_down();
    }

    fn take_panic(&self) -> Option<Payload> {
        self.panic.lock().expect(UNPOISONED).take()
    }
}

impl Pool {
    /// Runs `f` with a [`Scope`] whose jobs may borrow local data, and waits for
    /// all of them.
    ///
    /// Blocks until `f` has returned and every job of the scope has ended, also
    /// those spawned by other jobs. If the caller is a worker, of this pool or
    /// another, it runs queued jobs of its own pool while it waits, any of them,
    /// newest first; see [`JoinHandle`](super::JoinHandle) for what that asks of
    /// you. So a scope inside a job does not deadlock, even with one worker.
    ///
    /// A scope never loses a job. [`RejectionPolicy::DiscardOldest`] and
    /// [`shutdown_now`](Self::shutdown_now) leave its jobs in the queue, and
    /// [`Scope::spawn`] runs what cannot be queued.
    ///
    /// # Panics
    ///
    /// If `f` panics, with its payload; else, if jobs panicked whose handles did
    /// not take the panic, with the first payload. In both cases only after all
    /// jobs have ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(2)?;
    /// let mut image = vec![1_u8; 1000];
    ///
    /// pool.scope(|s| {
    ///     for band in image.chunks_mut(300) {
    ///         s.spawn(move || band.fill(7));
    ///     }
    /// });
    /// assert!(image.iter().all(|&pixel| pixel == 7));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A job cannot outlive what it borrows, and what it borrows cannot be made
    /// inside the scope's closure:
    ///
    /// ```compile_fail,E0373
    /// # let pool = wt_core::pool::Pool::new(1).unwrap();
    /// pool.scope(|s| {
    ///     let local = 1;
    ///     s.spawn(|| println!("{local}"));
    /// });
    /// ```
    ///
    /// ```compile_fail,E0597
    /// # let pool = wt_core::pool::Pool::new(1).unwrap();
    /// pool.scope(|s| {
    ///     let local = String::new();
    ///     let borrow = &local;
    ///     s.spawn(move || println!("{borrow}"));
    /// });
    /// ```
    ///
    /// The scope and its handles cannot leave:
    ///
    /// ```compile_fail
    /// # let pool = wt_core::pool::Pool::new(1).unwrap();
    /// let escaped = pool.scope(|s| s.spawn(|| 1));
    /// ```
    ///
    /// ```compile_fail,E0521
    /// # let pool = wt_core::pool::Pool::new(1).unwrap();
    /// let mut escaped = None;
    /// pool.scope(|s| escaped = Some(s));
    /// ```
    ///
    /// Two jobs cannot change the same value:
    ///
    /// ```compile_fail,E0499
    /// # let pool = wt_core::pool::Pool::new(1).unwrap();
    /// let mut sum = 0;
    /// pool.scope(|s| {
    ///     s.spawn(|| sum += 1);
    ///     s.spawn(|| sum += 2);
    /// });
    /// ```
    ///
    /// A job takes nothing to another thread that may not go there:
    ///
    /// ```compile_fail,E0277
    /// # let pool = wt_core::pool::Pool::new(1).unwrap();
    /// let here = std::rc::Rc::new(1);
    /// pool.scope(|s| {
    ///     s.spawn(|| println!("{here}"));
    /// });
    /// ```
    ///
    /// [`RejectionPolicy::DiscardOldest`]: super::RejectionPolicy::DiscardOldest
    pub fn scope<'env, F, R>(&self, f: F) -> R
    where
        F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    {
        let scope = Scope {
            queue: Arc::clone(&self.queue),
            state: Arc::new(ScopeState {
                jobs: Latch::new(0),
                panic: Mutex::new(None),
            }),
            scope: PhantomData,
            env: PhantomData,
        };
        let result = catch_unwind(AssertUnwindSafe(|| f(&scope)));
        let guard = AbortOnUnwind;
        scope.state.jobs.wait(self.queue.idle.patience_outside());
        mem::forget(guard);
        match (result, scope.state.take_panic()) {
            (Ok(value), None) => value,
            (Ok(_), Some(payload)) => resume_unwind(payload),
            (Err(payload), jobs) => {
                swallow(jobs);
                resume_unwind(payload)
            }
        }
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Queues `job`, which may borrow anything that outlives the scope.
    ///
    /// If the queue is full, this blocks until there is room, whatever the
    /// rejection policy says, with three exceptions in which the job runs at
    /// once, on the calling thread, before `spawn` returns: under
    /// [`CallerRuns`](super::RejectionPolicy::CallerRuns), on a worker of this
    /// pool, and once shutdown has begun.
    ///
    /// The handle may be ignored. A job may spawn further jobs.
    pub fn spawn<F, T>(&'scope self, job: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let state = Some(Arc::clone(&self.state));
        let (queued, cell) = Cell::pair(job, state, Terms::default());
        // SAFETY: the job may borrow for `'scope`, and `'scope` does not end before `Pool::scope`
        // has seen its latch open, because `f` and thus every use of the scope comes before that
        // wait, and the wait cannot be left by unwinding. The latch is counted up here, before the
        // queue has the job. It is counted down in one of two places. In `Work::run`, after the
        // closure is consumed and the queue's half of the cell is dropped. Or by a worker that
        // joins, after the closure is consumed; the handle, which cannot leave the scope either,
        // then takes or drops the result, and only the cell's memory stays in the queue. A job
        // that is never run, which the queue rules out for scopes, would keep the latch shut for
        // ever rather than let it open early. The count cannot touch zero and rise again once `f`
        // has returned: from then on only a job of this scope can spawn, and it is itself counted.
        let job = unsafe { Job::new_unchecked(queued) };
        self.state.jobs.count_up();
        match self
            .queue
            .offer(job, Place::Shared(Priority::Normal), Effort::Scope)
        {
            Offer::Queued => {}
            Offer::RunHere(job, _) => job.run(Count::Queue(&self.queue)),
            Offer::Full(_) | Offer::ShutDown(_) => {
                unreachable!("a scope's job is queued or run here")
            }
        }
        ScopedJoinHandle(Ticket::new(&self.queue, cell))
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// Owns the right to the result of one job of a scope.
pub struct ScopedJoinHandle<'scope, T>(Ticket<'scope, T>);

impl<T> ScopedJoinHandle<'_, T> {
    /// Blocks until the job has ended, and returns its value. A worker helps
    /// while it waits, as in [`JoinHandle::join`](super::JoinHandle::join).
    ///
    /// # Errors
    ///
    /// [`JobError::Panicked`]; the scope then does not panic for this job.
    ///
    /// # Panics
    ///
    /// If the job is running on the calling thread, so that the wait would never
    /// end.
    pub fn join(self) -> Result<T, JobError> {
        self.0.join()
    }

    /// As [`join`](Self::join), but a job that has not begun runs on this thread,
    /// whatever thread that is.
    pub(super) fn join_here(self) -> Result<T, JobError> {
        self.0.join_here()
    }

    /// Whether the job has ended: the next `join` returns at once.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle")
            .field("finished", &self.is_finished())
            .finish()
    }
}

/// Unwinding out of a wait would free what running jobs borrow. Nothing in it is
/// known to unwind; if that is ever wrong, ending the process is sound.
pub(super) struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        process::abort();
    }
}

const UNPOISONED: &str = "no foreign code runs under this lock";
