//! [`std::sync`], explored. `Arc` and `Weak` are std's own: what they count is nobody
//! else's affair until the last one goes.

pub mod atomic;
mod barrier;
mod condvar;
mod lazy;
pub mod mpsc;
mod mutex;
mod once;
mod rwlock;

pub use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult, Weak};

pub use barrier::{Barrier, BarrierWaitResult};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use lazy::LazyLock;
pub use mutex::{Mutex, MutexGuard};
pub use once::{Once, OnceLock, OnceState};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// An error with the guard inside, if the lock is poisoned.
fn poisoned<G>(is_poisoned: bool, guard: G) -> LockResult<G> {
    if is_poisoned {
        Err(PoisonError::new(guard))
    } else {
        Ok(guard)
    }
}

/// The value of a lock is in use although the explorer knows of nobody.
fn in_use() -> ! {
    crate::explore::world::with(|world| world.haunted = true);
    panic!("the lock is held by a thread that is not part of this exploration")
}
