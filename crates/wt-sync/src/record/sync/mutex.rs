//! [`std::sync::Mutex`], watched.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use crate::record::object::Tag;
use crate::record::state::{Place, Wait, state, waiting};
use crate::record::step::StepKind;
use crate::record::turn;

/// As [`std::sync::Mutex`].
pub struct Mutex<T: ?Sized> {
    pub(super) tag: Tag,
    inner: std::sync::Mutex<T>,
}

/// As [`std::sync::MutexGuard`].
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    pub(super) lock: &'a Mutex<T>,
    /// `None` only while a condition has it.
    inner: Option<std::sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    /// As [`std::sync::Mutex::new`].
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self {
            tag: Tag::new("Mutex"),
            inner: std::sync::Mutex::new(value),
        }
    }

    /// As [`std::sync::Mutex::into_inner`].
    ///
    /// # Errors
    ///
    /// The value all the same, if the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// As [`std::sync::Mutex::lock`].
    ///
    /// # Errors
    ///
    /// The guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        self.lock_at(Location::caller())
    }

    /// `lock`, on behalf of a call at `place`.
    pub(super) fn lock_at(&self, place: Place) -> LockResult<MutexGuard<'_, T>> {
        // Who gets it at once does not wait, and the record shows it.
        let taken = match self.inner.try_lock() {
            Ok(inner) => Ok(inner),
            Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
            Err(TryLockError::WouldBlock) => {
                waiting(Wait::Lock(self.tag.handle()), place, || self.inner.lock())
            }
        };
        self.guarded(taken, place)
    }

    /// As [`std::sync::Mutex::try_lock`].
    ///
    /// # Errors
    ///
    /// If somebody has it; the guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let place = Location::caller();
        let taken = match self.inner.try_lock() {
            Ok(inner) => Ok(inner),
            Err(TryLockError::Poisoned(poisoned)) => Err(poisoned),
            Err(TryLockError::WouldBlock) => {
                missed(&self.tag, place);
                return Err(TryLockError::WouldBlock);
            }
        };
        Ok(self.guarded(taken, place)?)
    }

    /// As [`std::sync::Mutex::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// As [`std::sync::Mutex::clear_poison`].
    pub fn clear_poison(&self) {
        self.tag.record(&mut state()).poisoned = None;
        self.inner.clear_poison();
    }

    /// As [`std::sync::Mutex::get_mut`].
    ///
    /// # Errors
    ///
    /// The value all the same, if the lock is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }

    /// Writes down that the calling thread has it, and wraps the guard.
    pub(super) fn guarded<'a>(
        &'a self,
        taken: LockResult<std::sync::MutexGuard<'a, T>>,
        place: Place,
    ) -> LockResult<MutexGuard<'a, T>> {
        self.tag.taken(&mut state(), taken.is_err(), place);
        let guard = |inner| MutexGuard {
            lock: self,
            inner: Some(inner),
        };
        match taken {
            Ok(inner) => Ok(guard(inner)),
            Err(poisoned) => Err(PoisonError::new(guard(poisoned.into_inner()))),
        }
    }
}

/// Writes down that a lock was tried and another thread had it. Who tries again and
/// again never waits, so this is a turn's end.
pub(super) fn missed(tag: &Tag, place: Place) {
    {
        let mut state = state();
        let object = tag.object(&mut state);
        state.step(StepKind::Missed(object), place);
    }
    if !turn::is_fixed() {
        // A loop of tries must not keep the watchdog from the record.
        std::thread::yield_now();
    }
    turn::pass();
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Gives std's guard away, for a condition; the lock counts as free.
    pub(super) fn give_up(mut self) -> (&'a Mutex<T>, std::sync::MutexGuard<'a, T>) {
        self.lock.tag.let_go(&mut state());
        let inner = self.inner.take().expect("only taken here");
        (self.lock, inner)
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        if self.inner.is_some() {
            self.lock.tag.let_go(&mut state());
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.inner.as_ref().expect("only `give_up` takes it")
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect("only `give_up` takes it")
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
