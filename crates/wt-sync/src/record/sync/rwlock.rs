//! [`std::sync::RwLock`], watched.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{LockResult, TryLockError, TryLockResult};

use super::map;
use super::mutex::missed;
use crate::record::object::Tag;
use crate::record::state::{Place, Wait, state, waiting};
use crate::record::step::StepKind;

/// As [`std::sync::RwLock`].
pub struct RwLock<T: ?Sized> {
    tag: Tag,
    inner: std::sync::RwLock<T>,
}

/// As [`std::sync::RwLockReadGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    // Dropped after `Drop::drop` has written down that the lock is free.
    inner: std::sync::RwLockReadGuard<'a, T>,
    tag: &'a Tag,
}

/// As [`std::sync::RwLockWriteGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    inner: std::sync::RwLockWriteGuard<'a, T>,
    tag: &'a Tag,
}

impl<T> RwLock<T> {
    /// As [`std::sync::RwLock::new`].
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self {
            tag: Tag::new("RwLock"),
            inner: std::sync::RwLock::new(value),
        }
    }

    /// As [`std::sync::RwLock::into_inner`].
    ///
    /// # Errors
    ///
    /// The value all the same, if the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// As [`std::sync::RwLock::read`].
    ///
    /// # Errors
    ///
    /// The guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let place = Location::caller();
        let taken = now(self.inner.try_read())
            .unwrap_or_else(|| waiting(Wait::Read(self.tag.handle()), place, || self.inner.read()));
        self.reading(taken, place)
    }

    /// As [`std::sync::RwLock::try_read`].
    ///
    /// # Errors
    ///
    /// If somebody writes; the guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        let place = Location::caller();
        let Some(taken) = now(self.inner.try_read()) else {
            missed(&self.tag, place);
            return Err(TryLockError::WouldBlock);
        };
        Ok(self.reading(taken, place)?)
    }

    /// As [`std::sync::RwLock::write`].
    ///
    /// # Errors
    ///
    /// The guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let place = Location::caller();
        let taken = now(self.inner.try_write()).unwrap_or_else(|| {
            waiting(Wait::Lock(self.tag.handle()), place, || self.inner.write())
        });
        self.writing(taken, place)
    }

    /// As [`std::sync::RwLock::try_write`].
    ///
    /// # Errors
    ///
    /// If somebody has it; the guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        let place = Location::caller();
        let Some(taken) = now(self.inner.try_write()) else {
            missed(&self.tag, place);
            return Err(TryLockError::WouldBlock);
        };
        Ok(self.writing(taken, place)?)
    }

    /// As [`std::sync::RwLock::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// As [`std::sync::RwLock::clear_poison`].
    pub fn clear_poison(&self) {
        self.tag.record(&mut state()).poisoned = None;
        self.inner.clear_poison();
    }

    /// As [`std::sync::RwLock::get_mut`].
    ///
    /// # Errors
    ///
    /// The value all the same, if the lock is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }

    fn reading<'a>(
        &'a self,
        taken: LockResult<std::sync::RwLockReadGuard<'a, T>>,
        place: Place,
    ) -> LockResult<RwLockReadGuard<'a, T>> {
        {
            let mut state = state();
            let me = state.me();
            state.threads[me].held += 1;
            let object = self.tag.object(&mut state);
            let record = self.tag.record(&mut state);
            record.readers += 1;
            record.last_reader = Some((me, place));
            let poisoned = record.poisoned.filter(|_| taken.is_err());
            state.step(StepKind::Locked(object), place);
            if let Some((thread, since)) = poisoned {
                state.met_poison(object, thread, since);
            }
        }
        map(taken, |inner| RwLockReadGuard {
            inner,
            tag: &self.tag,
        })
    }

    fn writing<'a>(
        &'a self,
        taken: LockResult<std::sync::RwLockWriteGuard<'a, T>>,
        place: Place,
    ) -> LockResult<RwLockWriteGuard<'a, T>> {
        self.tag.taken(&mut state(), taken.is_err(), place);
        map(taken, |inner| RwLockWriteGuard {
            inner,
            tag: &self.tag,
        })
    }
}

/// The guard, poisoned or not, unless one would have to wait for it.
fn now<G>(tried: TryLockResult<G>) -> Option<LockResult<G>> {
    match tried {
        Ok(guard) => Some(Ok(guard)),
        Err(TryLockError::Poisoned(poisoned)) => Some(Err(poisoned)),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        let mut state = state();
        let me = state.me();
        state.threads[me].held = state.threads[me].held.saturating_sub(1);
        let object = self.tag.object(&mut state);
        let record = self.tag.record(&mut state);
        record.readers -= 1;
        if let Some((_, place)) = record.last_reader {
            state.step(StepKind::Unlocked(object), place);
        }
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        self.tag.let_go(&mut state());
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
