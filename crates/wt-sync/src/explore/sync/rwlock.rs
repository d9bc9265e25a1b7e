//! [`std::sync::RwLock`], explored.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

use super::{in_use, poisoned};
use crate::explore::step::Verb;
use crate::explore::wait::{Wait, block, panicking, switch};
use crate::explore::world::{Place, Tag, inside, with};

/// As [`std::sync::RwLock`].
pub struct RwLock<T: ?Sized> {
    tag: Tag,
    poisoned: AtomicBool,
    inner: std::sync::RwLock<T>,
}

/// As [`std::sync::RwLockReadGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    inner: Option<std::sync::RwLockReadGuard<'a, T>>,
}

/// As [`std::sync::RwLockWriteGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    inner: Option<std::sync::RwLockWriteGuard<'a, T>>,
    unwinding: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

impl<T> RwLock<T> {
    /// As [`std::sync::RwLock::new`].
    #[track_caller]
    pub const fn new(value: T) -> Self {
        Self {
            tag: Tag::new("RwLock"),
            poisoned: AtomicBool::new(false),
            inner: std::sync::RwLock::new(value),
        }
    }

    /// As [`std::sync::RwLock::into_inner`].
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

impl<T: ?Sized> RwLock<T> {
    /// As [`std::sync::RwLock::read`].
    ///
    /// # Errors
    ///
    /// The guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        self.take(Access::Read, Location::caller());
        self.reading()
    }

    /// As [`std::sync::RwLock::write`].
    ///
    /// # Errors
    ///
    /// The guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        self.take(Access::Write, Location::caller());
        self.writing()
    }

    /// As [`std::sync::RwLock::try_read`].
    ///
    /// # Errors
    ///
    /// If it is locked for writing, or poisoned.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        self.try_take(Access::Read, Location::caller())?;
        Ok(self.reading()?)
    }

    /// As [`std::sync::RwLock::try_write`].
    ///
    /// # Errors
    ///
    /// If it is locked, or poisoned.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        self.try_take(Access::Write, Location::caller())?;
        Ok(self.writing()?)
    }

    fn take(&self, access: Access, place: Place) {
        switch();
        while self.taken(access, place) == Some(false) {
            let wait = with(|world| {
                let number = self.tag.number(world);
                let me = world.me();
                world.objects[number].waiters.push(me);
                match access {
                    Access::Read => Wait::Read(number),
                    Access::Write => Wait::Lock(number),
                }
            });
            block(wait.expect("a lock was found taken"), place, None);
        }
    }

    fn try_take<G>(&self, access: Access, place: Place) -> Result<(), TryLockError<G>> {
        switch();
        if self.taken(access, place) == Some(false) {
            with(|world| {
                let number = self.tag.number(world);
                world.step(Verb::NotLocked(number), Some(place));
            });
            return Err(TryLockError::WouldBlock);
        }
        Ok(())
    }

    /// Takes the lock if it is free; `None` outside of an exploration.
    fn taken(&self, access: Access, place: Place) -> Option<bool> {
        with(|world| {
            let number = self.tag.number(world);
            let me = world.me();
            let lock = &mut world.objects[number];
            let is_free =
                lock.owner.is_none() && (access == Access::Read || lock.readers.is_empty());
            if is_free && access == Access::Read {
                lock.readers.push((me, place));
                world.step(Verb::Read(number), Some(place));
            } else if is_free {
                lock.owner = Some((me, place));
                world.step(Verb::Locked(number), Some(place));
            }
            is_free
        })
    }

    fn reading(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let inner = if inside() {
            match self.inner.try_read() {
                Ok(inner) => inner,
                Err(TryLockError::Poisoned(inner)) => inner.into_inner(),
                Err(TryLockError::WouldBlock) => in_use(),
            }
        } else {
            self.inner.read().unwrap_or_else(PoisonError::into_inner)
        };
        let guard = RwLockReadGuard {
            lock: self,
            inner: Some(inner),
        };
        poisoned(self.is_poisoned(), guard)
    }

    fn writing(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let inner = if inside() {
            match self.inner.try_write() {
                Ok(inner) => inner,
                Err(TryLockError::Poisoned(inner)) => inner.into_inner(),
                Err(TryLockError::WouldBlock) => in_use(),
            }
        } else {
            self.inner.write().unwrap_or_else(PoisonError::into_inner)
        };
        let guard = RwLockWriteGuard {
            lock: self,
            inner: Some(inner),
            unwinding: panicking(),
        };
        poisoned(self.is_poisoned(), guard)
    }

    fn release(&self, access: Access) {
        with(|world| {
            let number = self.tag.number(world);
            world.step(Verb::Unlocked(number), None);
            let me = world.me();
            let lock = &mut world.objects[number];
            match access {
                Access::Write => lock.owner = None,
                Access::Read => {
                    // A guard may have been sent to another thread.
                    let mut readers = lock.readers.iter();
                    let own = readers.position(|(reader, _)| *reader == me);
                    if !lock.readers.is_empty() {
                        lock.readers.remove(own.unwrap_or(0));
                    }
                }
            }
            let waiters = std::mem::take(&mut lock.waiters);
            world.wake_all(waiters);
        });
    }

    /// As [`std::sync::RwLock::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Relaxed)
    }

    /// As [`std::sync::RwLock::clear_poison`].
    pub fn clear_poison(&self) {
        self.poisoned.store(false, Ordering::Relaxed);
    }

    /// As [`std::sync::RwLock::get_mut`].
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

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        switch();
        self.inner = None;
        self.lock.release(Access::Read);
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        switch();
        if !self.unwinding && panicking() {
            self.lock.poisoned.store(true, Ordering::Relaxed);
        }
        self.inner = None;
        self.lock.release(Access::Write);
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.inner.as_ref().expect("the lock is held")
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.inner.as_ref().expect("the lock is held")
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect("the lock is held")
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
