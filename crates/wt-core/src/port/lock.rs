//! The lock of a link: one atomic step to take it, a plain store to release it.
//!
//! A `std::sync::Mutex` needs an atomic step for the release too, to learn whether
//! somebody sleeps on it. Here nobody does: the lock is held for some ten
//! instructions, and whoever finds it taken looks again, then lets other threads
//! run, then sleeps for a fixed time, in case that its holder has lost the core. On
//! the way of one message that saves about a third.
//!
//! Under it no foreign code runs and nothing waits.

use std::panic::RefUnwindSafe;

use super::backoff::Backoff;

pub(super) type Guard<'a, T> = spin::mutex::SpinMutexGuard<'a, T>;

pub(super) struct Lock<T>(spin::mutex::SpinMutex<T>);

/// A panic under the lock could only come from an allocation that fails, which aborts.
impl<T> RefUnwindSafe for Lock<T> {}

impl<T> Lock<T> {
    pub(super) fn new(value: T) -> Self {
        Self(spin::mutex::SpinMutex::new(value))
    }

    pub(super) fn lock(&self) -> Guard<'_, T> {
        if let Some(guard) = self.0.try_lock() {
            return guard;
        }
        let mut backoff = Backoff::default();
        loop {
            backoff.pause();
            if let Some(guard) = self.0.try_lock() {
                return guard;
            }
        }
    }
}
