//! A job: first a closure, then a result, in one allocation.
//!
//! The queue sees a [`Job`] and the handle sees an [`Outcome`]; both are the
//! same [`Cell`]. The closure lives inside the cell until a worker takes it, so
//! a refused `submit` can hand it back.

use std::mem;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};

use wt_sync::sync::{Arc, Mutex, MutexGuard};

use super::error::{JobError, Payload};
use super::latch::Latch;
use super::scope::ScopeState;

/// The worker's view of a job.
pub(super) trait Job: Send + Sync {
    /// Runs the closure and keeps its result. Returns whether it returned.
    fn execute(&self) -> bool;

    /// Lets the handle see the result.
    fn announce(&self);

    /// Drops the closure, which has not begun, and gives the handle `error`.
    fn abandon(&self, error: JobError);

    /// The scope that waits for this job, if any.
    fn scope(&self) -> Option<&Arc<ScopeState>>;
}

/// The handle's view of a job.
pub(super) trait Outcome<T>: Send + Sync + UnwindSafe + RefUnwindSafe {
    fn latch(&self) -> &Latch;

    /// Takes the result. The latch is open.
    fn take(&self) -> Result<T, JobError>;
}

pub(super) struct Cell<F, T> {
    slot: Mutex<Slot<F, T>>,
    finished: Latch,
    scope: Option<Arc<ScopeState>>,
}

enum Slot<F, T> {
    Waiting(F),
    Running,
    Finished(Result<T, JobError>),
    Taken,
}

impl<F, T> Cell<F, T> {
    pub(super) fn new(job: F, scope: Option<Arc<ScopeState>>) -> Self {
        Self {
            slot: Mutex::new(Slot::Waiting(job)),
            finished: Latch::new(1),
            scope,
        }
    }

    /// The closure of a job that no queue accepted.
    pub(super) fn take_back(&self) -> F {
        match self.replace(Slot::Taken) {
            Slot::Waiting(job) => job,
            _ => unreachable!("a refused job is never run"),
        }
    }

    /// Swaps under the lock, so that whatever was there is dropped outside.
    fn replace(&self, slot: Slot<F, T>) -> Slot<F, T> {
        mem::replace(&mut *self.lock(), slot)
    }

    fn lock(&self) -> MutexGuard<'_, Slot<F, T>> {
        self.slot
            .lock()
            .expect("no foreign code runs under a cell's lock")
    }
}

impl<F, T> Job for Cell<F, T>
where
    F: FnOnce() -> T + Send,
    T: Send,
{
    fn execute(&self) -> bool {
        let Slot::Waiting(job) = self.replace(Slot::Running) else {
            unreachable!("only one thread takes a job out of the queue");
        };
        let result = catch_unwind(AssertUnwindSafe(job)).map_err(JobError::panicked);
        let returned = result.is_ok();
        self.replace(Slot::Finished(result));
        returned
    }

    fn announce(&self) {
        self.finished.count_down();
    }

    fn abandon(&self, error: JobError) {
        let closure = self.replace(Slot::Finished(Err(error)));
        // What the closure captured is dropped before the handle hears of it.
        swallow(contain(|| drop(closure)));
        self.announce();
    }

    fn scope(&self) -> Option<&Arc<ScopeState>> {
        self.scope.as_ref()
    }
}

impl<F, T> Outcome<T> for Cell<F, T>
where
    F: Send,
    T: Send,
{
    fn latch(&self) -> &Latch {
        &self.finished
    }

    fn take(&self) -> Result<T, JobError> {
        match self.replace(Slot::Taken) {
            Slot::Finished(result) => result,
            _ => panic!("the result of this job was already taken"),
        }
    }
}

/// A panic that no handle asked for belongs to the scope.
impl<F, T> Drop for Cell<F, T> {
    fn drop(&mut self) {
        let Some(scope) = self.scope.take() else {
            return;
        };
        if let Slot::Finished(Err(JobError::Panicked(panic))) = self.replace(Slot::Taken) {
            scope.record(panic.into_payload());
        }
    }
}

/// Runs foreign code, a destructor or a waker, and keeps its panic from the
/// calling worker.
pub(super) fn contain(f: impl FnOnce()) -> Option<Payload> {
    catch_unwind(AssertUnwindSafe(f)).err()
}

/// Ends a panic that nobody can be told of. Dropping its payload may panic in
/// turn; that second payload is forgotten, or there might be no end to it.
pub(super) fn swallow(payload: Option<Payload>) {
    mem::forget(contain(|| drop(payload)));
}
