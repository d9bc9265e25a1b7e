//! [`std::sync::Condvar`], explored. Whom `notify_one` wakes is left to chance; nobody
//! is woken for no reason.

use std::fmt;
use std::panic::Location;
use std::sync::{LockResult, PoisonError};
use std::time::Duration;

use super::mutex::MutexGuard;
use crate::explore::step::Verb;
use crate::explore::wait::{Wait, after, block, switch};
use crate::explore::world::{Place, Tag, here, with};

/// As [`std::sync::Condvar`].
pub struct Condvar {
    tag: Tag,
}

/// As [`std::sync::WaitTimeoutResult`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// As [`std::sync::WaitTimeoutResult::timed_out`].
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// As [`std::sync::Condvar::new`].
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tag: Tag::new("Condvar"),
        }
    }

    /// As [`std::sync::Condvar::wait`].
    ///
    /// # Errors
    ///
    /// The guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.asleep(guard, None, Location::caller()).0
    }

    /// As [`std::sync::Condvar::wait_while`].
    ///
    /// # Errors
    ///
    /// The guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn wait_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: F,
    ) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// As [`std::sync::Condvar::wait_timeout`].
    ///
    /// # Errors
    ///
    /// The guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let until = after(timeout);
        let (guard, woken) = self.asleep(guard, Some(until), Location::caller());
        let result = WaitTimeoutResult(!woken);
        match guard {
            Ok(guard) => Ok((guard, result)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), result))),
        }
    }

    /// As [`std::sync::Condvar::wait_timeout_while`].
    ///
    /// # Errors
    ///
    /// The guard all the same, if the lock is poisoned.
    #[track_caller]
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        timeout: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let until = after(timeout);
        loop {
            if !condition(&mut guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let now = here(|world| world.now);
            if until <= now {
                return Ok((guard, WaitTimeoutResult(true)));
            }
            guard = self.wait_timeout(guard, until - now)?.0;
        }
    }

    /// Sleeps, and says whether somebody has woken it.
    fn asleep<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        until: Option<Duration>,
        place: Place,
    ) -> (LockResult<MutexGuard<'a, T>>, bool) {
        let condition = here(|world| {
            let number = self.tag.number(world);
            let me = world.me();
            world.objects[number].waiters.push(me);
            number
        });
        // From here to the sleep nobody runs.
        let lock = guard.free();
        let woken = block(Wait::Notify(condition), place, until);
        here(|world| {
            let me = world.me();
            world.objects[condition]
                .waiters
                .retain(|waiter| *waiter != me);
            if woken {
                world.step(Verb::Slept(condition), Some(place));
            }
        });
        (lock.lock_at(place), woken)
    }

    /// As [`std::sync::Condvar::notify_one`].
    #[track_caller]
    pub fn notify_one(&self) {
        let place = Location::caller();
        switch();
        with(|world| {
            let number = self.tag.number(world);
            let waiting = world.objects[number].waiters.len();
            let woken = (waiting > 0).then(|| {
                let lucky = world.policy.number(waiting);
                world.objects[number].waiters.remove(lucky)
            });
            world.step(Verb::Notified(number, woken), Some(place));
            if let Some(woken) = woken {
                world.wake(woken);
            }
        });
    }

    /// As [`std::sync::Condvar::notify_all`].
    #[track_caller]
    pub fn notify_all(&self) {
        let place = Location::caller();
        switch();
        with(|world| {
            let number = self.tag.number(world);
            let woken = std::mem::take(&mut world.objects[number].waiters);
            world.step(Verb::NotifiedAll(number, woken.len()), Some(place));
            world.wake_all(woken);
        });
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}
