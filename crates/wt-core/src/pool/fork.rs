//! Fork and join: two closures, perhaps at the same time.
//!
//! ```text
//! join(a, b):   note b on this thread's list ──> run a ──> run b
//!                        │ somebody is hungry
//!                        └──> the oldest of the list goes to the queue
//! ```
//!
//! In a deep recursion, nearly every `join` is two plain calls: `b` is noted in
//! the stack frame, in a list that no other thread sees, and found there again.
//! Only when an idle worker has asked does a `join` give away the oldest `b`,
//! which is the largest piece of work. chili does so by a heartbeat, which is the
//! idea; asking is sooner.

use std::cell::{Cell as Local, UnsafeCell};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::thread::Result;

use wt_sync::sync::Arc;

use wt_sync::thread_local;

use super::Pool;
use super::cell::Cell;
use super::handle::Ticket;
use super::job::{Claim, Job};
use super::options::{Priority, Terms};
use super::queue::{Effort, Offer, Queue};
use super::scope::AbortOnUnwind;
use super::strategy::Place;
use super::worker;

impl Pool {
    /// Runs `a` and `b`, at the same time if a worker is free, and returns both
    /// results.
    ///
    /// Meant for recursion on a worker of this pool: there it costs a few
    /// nanoseconds, so the recursion may go down to small pieces. On another
    /// thread, a worker runs both, and this blocks until it has.
    ///
    /// A `b` that was given away counts as a job in [`stats`](Self::stats). While
    /// this waits for it, it runs queued jobs, as
    /// [`JoinHandle::join`](super::JoinHandle::join).
    ///
    /// # Panics
    ///
    /// If `a` or `b` panics, with that payload, `a`'s first, after both have
    /// ended. If `a` panics and `b` has not begun, `b` is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::pool::Pool;
    ///
    /// fn fib(pool: &Pool, n: u32) -> u64 {
    ///     if n < 2 {
    ///         return n.into();
    ///     }
    ///     let (a, b) = pool.join(|| fib(pool, n - 1), || fib(pool, n - 2));
    ///     a + b
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(2)?;
    /// assert_eq!(fib(&pool, 20), 6765);
    /// # Ok(())
    /// # }
    /// ```
    pub fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        if FORKS.with(|forks| ptr::eq(forks.home.get(), &raw const *self.queue)) {
            return fork(&self.queue, a, b);
        }
        self.scope(|scope| {
            let both = scope.spawn(|| fork_or_call(&self.queue, a, b));
            both.join()
                .unwrap_or_else(|error| match error.into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(error) => unreachable!("a job of a scope is run: {error}"),
                })
        })
    }
}

/// A `b` that waits for its turn, in the frame of its `join`.
struct Fork {
    /// Runs the `b` at `data`, on any thread.
    call: unsafe fn(*const ()),
    data: *const (),
    older: *const Self,
    newer: Local<*const Self>,
    /// Once it was given away.
    shared: Local<Option<Ticket<'static, ()>>>,
}

/// The forks of this thread that have not been joined, a list through frames.
struct Forks {
    /// The queue that this thread works for.
    home: Local<*const Queue>,
    newest: Local<*const Fork>,
    /// The oldest that was not given away.
    oldest_private: Local<*const Fork>,
}

thread_local! {
    static FORKS: Forks = const {
        Forks {
            home: Local::new(ptr::null()),
            newest: Local::new(ptr::null()),
            oldest_private: Local::new(ptr::null()),
        }
    };
}

/// The calling thread works for `queue` from now on. The queue outlives the
/// thread's work.
pub(super) fn settle_here(queue: &Arc<Queue>) {
    FORKS.with(|forks| forks.home.set(Arc::as_ptr(queue)));
}

/// A job that was to run on a worker may have run on its submitter instead.
fn fork_or_call<RA, RB>(
    queue: &Arc<Queue>,
    a: impl FnOnce() -> RA + Send,
    b: impl FnOnce() -> RB + Send,
) -> (RA, RB)
where
    RA: Send,
    RB: Send,
{
    if worker::is_current(queue) {
        fork(queue, a, b)
    } else {
        (a(), b())
    }
}

/// What `b` is and what becomes of it. Other threads reach it through `call`.
struct Body<B, RB> {
    closure: UnsafeCell<Option<B>>,
    result: UnsafeCell<Option<Result<RB>>>,
}

impl<B: FnOnce() -> RB, RB> Body<B, RB> {
    /// # Safety
    ///
    /// `data` is a `Body<B, RB>` that nobody else uses meanwhile.
    unsafe fn call(data: *const ()) {
        // SAFETY: the caller's promise.
        let body = unsafe { &*data.cast::<Self>() };
        // SAFETY: nobody else uses it.
        let closure = unsafe { (*body.closure.get()).take() };
        let result = closure.map(|closure| catch_unwind(AssertUnwindSafe(closure)));
        // SAFETY: as above.
        unsafe { *body.result.get() = result };
    }
}

/// `join` on a worker.
fn fork<RA, RB>(
    queue: &Arc<Queue>,
    a: impl FnOnce() -> RA + Send,
    b: impl FnOnce() -> RB + Send,
) -> (RA, RB)
where
    RA: Send,
    RB: Send,
{
    let body = Body {
        closure: UnsafeCell::new(Some(b)),
        result: UnsafeCell::new(None),
    };
    let fork = Fork {
        call: call_of(&body),
        data: (&raw const body).cast(),
        older: FORKS.with(|forks| forks.newest.get()),
        newer: Local::new(ptr::null()),
        shared: Local::new(None),
    };
    let guard = AbortOnUnwind;
    // SAFETY: `fork` and `body` stay where they are until `leave` below, which comes whatever `a`
    // does, and before that no other thread is still at work on them: `shared` is waited for. What
    // is foreign is caught, and the guard ends the process if anything else unwinds before.
    unsafe { enter(&fork) };
    if queue.is_hungry() {
        share_oldest(queue);
    }
    let a = catch_unwind(AssertUnwindSafe(a));
    leave(&fork);
    if let Some(shared) = fork.shared.take() {
        if a.is_err() {
            shared.refuse(Claim::Cancelled);
        }
        // Run by somebody, or here. If nobody may run it any more, `b` is still in its place.
        let _ = shared.join_here();
    }
    mem::forget(guard);
    let a = match a {
        Ok(a) => a,
        Err(panic) => resume_unwind(panic),
    };
    let b = match (body.closure.into_inner(), body.result.into_inner()) {
        (Some(b), _) => b(),
        (None, Some(Ok(b))) => b,
        (None, Some(Err(panic))) => resume_unwind(panic),
        (None, None) => unreachable!("who takes the closure leaves a result"),
    };
    (a, b)
}

fn call_of<B: FnOnce() -> RB, RB>(_: &Body<B, RB>) -> unsafe fn(*const ()) {
    Body::<B, RB>::call
}

/// Puts `fork` on this thread's list.
///
/// # Safety
///
/// `fork` does not move, and is taken off with `leave` before it ends and after
/// every fork that was put on later.
unsafe fn enter(fork: &Fork) {
    FORKS.with(|forks| {
        // SAFETY: what is on the list has not ended; the promise of the caller of then.
        if let Some(older) = unsafe { fork.older.as_ref() } {
            older.newer.set(fork);
        }
        forks.newest.set(fork);
        if forks.oldest_private.get().is_null() {
            forks.oldest_private.set(fork);
        }
    });
}

/// Takes the newest fork off the list.
fn leave(fork: &Fork) {
    FORKS.with(|forks| {
        debug_assert!(ptr::eq(forks.newest.get(), fork), "joins nest");
        // SAFETY: as in `enter`.
        if let Some(older) = unsafe { fork.older.as_ref() } {
            older.newer.set(ptr::null());
        }
        forks.newest.set(fork.older);
        if ptr::eq(forks.oldest_private.get(), fork) {
            forks.oldest_private.set(ptr::null());
        }
    });
}

/// Gives the oldest `b` of this thread to whoever is idle.
#[cold]
fn share_oldest(queue: &Arc<Queue>) {
    /// An address that may go to another thread.
    struct Sent(unsafe fn(*const ()), *const ());
    // SAFETY: `join` asks for a `B` that is `Send`, and one thread at a time uses it.
    unsafe impl Send for Sent {}
    impl Sent {
        /// # Safety
        ///
        /// As [`Body::call`].
        unsafe fn call(self) {
            // SAFETY: the caller's promise.
            unsafe { (self.0)(self.1) };
        }
    }

    let oldest = FORKS.with(|forks| forks.oldest_private.get());
    // SAFETY: what is on the list has not ended.
    let Some(oldest) = (unsafe { oldest.as_ref() }) else {
        return;
    };
    let sent = Sent(oldest.call, oldest.data);
    let call = move || {
        // SAFETY: the body is in the frame of a `join` that waits for this cell, or claims it.
        // Whoever claims the cell runs this; the owner touches the body again once the cell has
        // ended, which it has if this never runs at all.
        unsafe { sent.call() }
    };
    let (queued, cell) = Cell::pair(call, None, Terms::default());
    match queue.offer(
        Job::new(queued),
        Place::Shared(Priority::Normal),
        Effort::Try,
    ) {
        Offer::Queued => {
            oldest.shared.set(Some(Ticket::new(queue, cell)));
            FORKS.with(|forks| forks.oldest_private.set(oldest.newer.get()));
        }
        // No room, so there is enough to do.
        Offer::Full(job) | Offer::ShutDown(job) | Offer::RunHere(job, _) => job.abandon(),
    }
}
