//! [`std::sync`], watched: locks, conditions, barriers and cells that are
//! initialised once. `LazyLock` and `mpsc` are std's own: a thread that waits in
//! them counts as able to go on.

mod barrier;
mod condvar;
mod mutex;
mod once;
mod rwlock;

pub use std::sync::{
    Arc, LazyLock, LockResult, OnceState, PoisonError, TryLockError, TryLockResult, Weak, atomic,
    mpsc,
};

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard};
pub use once::{Once, OnceLock};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Applies `f` to the value, poisoned or not.
fn map<A, B>(result: LockResult<A>, f: impl FnOnce(A) -> B) -> LockResult<B> {
    match result {
        Ok(value) => Ok(f(value)),
        Err(poisoned) => Err(PoisonError::new(f(poisoned.into_inner()))),
    }
}
