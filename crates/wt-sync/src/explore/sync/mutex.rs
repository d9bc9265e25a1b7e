//! [`std::sync::Mutex`], explored.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::{in_use, poisoned};
use crate::explore::step::Verb;
use crate::explore::wait::{Wait, block, panicking, switch};
use crate::explore::world::{Place, Tag, inside, with};

/// As [`std::sync::Mutex`].
pub struct Mutex<T: ?Sized> {
    tag: Tag,
    poisoned: AtomicBool,
    inner: std::sync::Mutex<T>,
}

/// As [`std::sync::MutexGuard`].
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    lock: &'a Mutex<T>,
    inner: Option<std::sync::MutexGuard<'a, T>>,
    /// Whether its thread was unwinding when it took the lock.
    unwinding: bool,
}

impl<T> Mutex<T> {
    /// As [`std::sync::Mutex::new`].
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self {
            tag: Tag::new("Mutex"),
            poisoned: AtomicBool::new(false),
            inner: std::sync::Mutex::new(value),
        }
    }

    /// As [`std::sync::Mutex::into_inner`].
    ///
    /// # Errors
    ///
    /// The value all the same, if the lock is poisoned.
    pub fn into_inner(self) -> LockResult<T> {
        let is_poisoned = self.is_poisoned();
        let value = self
            .inner
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        poisoned(is_poisoned, value)
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

    pub(super) fn lock_at(&self, place: Place) -> LockResult<MutexGuard<'_, T>> {
        switch();
        while self.taken(place) == Some(false) {
            let wait = with(|world| {
                let number = self.tag.number(world);
                let me = world.me();
                world.objects[number].waiters.push(me);
                Wait::Lock(number)
            });
            block(wait.expect("a lock was found taken"), place, None);
        }
        self.guard()
    }

    /// As [`std::sync::Mutex::try_lock`].
    ///
    /// # Errors
    ///
    /// If it is locked, or poisoned.
    #[track_caller]
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        let place = Location::caller();
        switch();
        match self.taken(place) {
            Some(true) => Ok(self.guard()?),
            Some(false) => {
                with(|world| {
                    let number = self.tag.number(world);
                    world.step(Verb::NotLocked(number), Some(place));
                });
                Err(TryLockError::WouldBlock)
            }
            None => match self.inner.try_lock() {
                Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
                Ok(inner) => Ok(self.guarded(inner)?),
                Err(TryLockError::Poisoned(inner)) => Ok(self.guarded(inner.into_inner())?),
            },
        }
    }

    /// Takes the lock if it is free; `None` outside of an exploration.
    fn taken(&self, place: Place) -> Option<bool> {
        with(|world| {
            let number = self.tag.number(world);
            let me = world.me();
            let owner = &mut world.objects[number].owner;
            let is_free = owner.is_none();
            if is_free {
                *owner = Some((me, place));
                world.step(Verb::Locked(number), Some(place));
            }
            is_free
        })
    }

    /// The guard of a lock that was taken.
    fn guard(&self) -> LockResult<MutexGuard<'_, T>> {
        let inner = if inside() {
            match self.inner.try_lock() {
                Ok(inner) => inner,
                Err(TryLockError::Poisoned(inner)) => inner.into_inner(),
                Err(TryLockError::WouldBlock) => in_use(),
            }
        } else {
            self.inner.lock().unwrap_or_else(PoisonError::into_inner)
        };
        self.guarded(inner)
    }

    fn guarded<'a>(&'a self, inner: std::sync::MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let guard = MutexGuard {
            lock: self,
            inner: Some(inner),
            unwinding: panicking(),
        };
        poisoned(self.is_poisoned(), guard)
    }

    /// As [`std::sync::Mutex::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Relaxed)
    }

    /// As [`std::sync::Mutex::clear_poison`].
    pub fn clear_poison(&self) {
        self.poisoned.store(false, Ordering::Relaxed);
    }

    /// As [`std::sync::Mutex::get_mut`].
    ///
    /// # Errors
    ///
    /// The value all the same, if the lock is poisoned.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let is_poisoned = self.is_poisoned();
        let value = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        poisoned(is_poisoned, value)
    }
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Frees the lock without letting anybody run in between, and says which lock.
    pub(super) fn free(mut self) -> &'a Mutex<T> {
        self.release();
        self.lock
    }

    fn release(&mut self) {
        if self.inner.take().is_none() {
            return;
        }
        if !self.unwinding && panicking() {
            self.lock.poisoned.store(true, Ordering::Relaxed);
        }
        with(|world| {
            let lock = self.lock.tag.object(world);
            lock.owner = None;
            let waiters = std::mem::take(&mut lock.waiters);
            world.wake_all(waiters);
        });
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        if self.inner.is_some() {
            switch();
            with(|world| {
                let number = self.lock.tag.number(world);
                world.step(Verb::Unlocked(number), None);
            });
            self.release();
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.inner.as_ref().expect("the lock is held")
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect("the lock is held")
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
