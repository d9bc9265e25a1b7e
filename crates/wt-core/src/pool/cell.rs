//! What a job and its join handle share: first a closure, then a result, in one
//! allocation.
//!
//! ```text
//! queue slot ──> [ claimed | closure | result | latch ] <── JoinHandle
//! ```
//!
//! Both sides may want the closure: a worker to run it, the handle to cancel it
//! or to run it while it waits. `claimed` decides, with one atomic swap. After
//! that, the closure and the result belong to the winner until the latch opens,
//! and the result to the handle from then on. The swap needs no pair: the closure
//! was written before both sides had the cell, and the queue's lock handed it over.

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};

use wt_sync::sync::Arc;
use wt_sync::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

use super::count::Count;
use super::error::JobError;
use super::half::Half;
use super::job::{Claim, Work, contain, swallow};
use super::latch::Latch;
use super::options::Terms;
use super::scope::ScopeState;
use super::worker;

pub(super) struct Cell<F, T> {
    claimed: AtomicBool,
    /// Who runs it, as told by [`worker::this_thread`]; 0 before.
    runner: AtomicUsize,
    ended: Latch,
    closure: UnsafeCell<Option<F>>,
    result: UnsafeCell<Option<Result<T, JobError>>>,
    scope: Option<Arc<ScopeState>>,
    terms: Terms,
}

// SAFETY: `closure` is touched by one thread, the one that claimed the cell, or by the one that
// owns all of it. `result` is touched by that thread until the latch opens, and after that by the
// one owner of the handle. Claiming and opening order these accesses. So nothing is shared but
// what is `Sync` by itself, and `F` and `T` are moved between threads, hence `Send`.
unsafe impl<F: Send, T: Send> Sync for Cell<F, T> {}

// A panic in a closure or destructor is caught before it passes through a cell.
impl<F, T> UnwindSafe for Cell<F, T> {}
impl<F, T> RefUnwindSafe for Cell<F, T> {}

/// The handle's view of a job.
pub(super) trait Outcome<T>: Send + Sync + UnwindSafe + RefUnwindSafe {
    fn latch(&self) -> &Latch;

    /// Takes the job away from the workers. Returns whether that succeeded; the
    /// caller then calls `run_claimed` or `refuse_claimed`, once.
    fn claim(&self) -> bool;

    fn terms(&self) -> &Terms;

    fn scope(&self) -> Option<&Arc<ScopeState>>;

    /// Whether the job is running on the calling thread.
    fn runs_here(&self) -> bool;

    /// # Safety
    ///
    /// The caller's `claim` was granted, and this is the first call since.
    unsafe fn run_claimed(&self, count: Count<'_>);

    /// # Safety
    ///
    /// As [`run_claimed`](Self::run_claimed).
    unsafe fn refuse_claimed(&self, error: JobError);

    /// Takes the result, if it was not taken before.
    ///
    /// # Safety
    ///
    /// The latch is open, and the caller owns the handle.
    unsafe fn take(&self) -> Option<Result<T, JobError>>;
}

impl<F, T> Cell<F, T> {
    /// A cell, for the queue and for the handle.
    pub(super) fn pair(
        job: F,
        scope: Option<Arc<ScopeState>>,
        terms: Terms,
    ) -> (Half<Self>, Half<Self>) {
        Half::pair(Self {
            claimed: AtomicBool::new(false),
            runner: AtomicUsize::new(0),
            ended: Latch::new(1),
            closure: UnsafeCell::new(Some(job)),
            result: UnsafeCell::new(None),
            scope,
            terms,
        })
    }

    /// The closure of a job that no queue accepted.
    pub(super) fn into_closure(mut own: Half<Self>) -> F {
        own.get_mut()
            .and_then(|cell| cell.closure.get_mut().take())
            .expect("a refused job has one owner, and nobody ran it")
    }
}

impl<F, T> Outcome<T> for Cell<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn latch(&self) -> &Latch {
        &self.ended
    }

    fn claim(&self) -> bool {
        !self.claimed.swap(true, SeqCst)
    }

    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn scope(&self) -> Option<&Arc<ScopeState>> {
        self.scope.as_ref()
    }

    fn runs_here(&self) -> bool {
        // Relaxed: what this thread wrote, this thread sees; what others write is not equal.
        self.runner.load(Relaxed) == worker::this_thread() && !self.ended.is_open()
    }

    unsafe fn run_claimed(&self, count: Count<'_>) {
        self.runner.store(worker::this_thread(), Relaxed);
        // SAFETY: the caller claimed the cell, so the closure is its own.
        let closure = unsafe { (*self.closure.get()).take() }.expect(CLAIMED_ONCE);
        let result = catch_unwind(AssertUnwindSafe(closure)).map_err(JobError::panicked);
        let returned = result.is_ok();
        // SAFETY: the result is the claimer's until the latch opens.
        unsafe { *self.result.get() = Some(result) };
        // Counted first, so whoever has the result sees it counted.
        count.end(returned);
        self.ended.count_down();
    }

    unsafe fn refuse_claimed(&self, error: JobError) {
        // SAFETY: as in `run_claimed`.
        let closure = unsafe { (*self.closure.get()).take() };
        // What the closure captured is dropped before the handle hears of it.
        swallow(contain(|| drop(closure)));
        // SAFETY: as in `run_claimed`.
        unsafe { *self.result.get() = Some(Err(error)) };
        self.ended.count_down();
    }

    unsafe fn take(&self) -> Option<Result<T, JobError>> {
        // SAFETY: the latch is open, so the result is the handle's.
        unsafe { (*self.result.get()).take() }
    }
}

/// The queue's view of the same cell.
impl<F, T> Work for Half<Cell<F, T>>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn claim(&self) -> Claim {
        if !Outcome::claim(&**self) {
            return Claim::Gone;
        }
        self.terms.verdict()
    }

    fn is_gone(&self) -> bool {
        self.claimed.load(SeqCst)
    }

    fn is_scoped(&self) -> bool {
        self.scope.is_some()
    }

    fn run(self, count: Count<'_>) {
        let scope = self.scope.clone();
        // SAFETY: `Work::run` is called once, after `claim` was granted.
        unsafe { self.run_claimed(count) };
        // If the handle is gone, the result is dropped here, and before the scope hears of the
        // end: a result may borrow from the scope.
        let panic = contain(|| drop(self));
        match scope {
            Some(scope) => scope.end(panic),
            None => swallow(panic),
        }
    }

    fn refuse(self, error: JobError) {
        // SAFETY: as in `run`.
        unsafe { self.refuse_claimed(error) };
        swallow(contain(|| drop(self)));
    }
}

/// The handle is gone, so nobody has seen the result.
impl<F, T> Drop for Cell<F, T> {
    fn drop(&mut self) {
        if let Some(scope) = self.scope.take() {
            scope.record_unseen(self.result.get_mut().take());
        }
    }
}

const CLAIMED_ONCE: &str = "a claimed job is run or refused once";
