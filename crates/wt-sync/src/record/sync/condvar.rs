//! [`std::sync::Condvar`], watched.

use std::fmt;
use std::panic::Location;
use std::sync::{LockResult, PoisonError};
use std::time::{Duration, Instant};

use super::mutex::{Mutex, MutexGuard};
use crate::record::object::{Object, Tag};
use crate::record::state::{Place, Wait, state, waiting_for};
use crate::record::step::StepKind;
use crate::record::turn::{self, Go};

/// As [`std::sync::Condvar`].
pub struct Condvar {
    tag: Tag,
    inner: std::sync::Condvar,
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

/// A guard that was taken back, and whether the time was over before.
type Woken<G> = (LockResult<G>, bool);

impl Condvar {
    /// As [`std::sync::Condvar::new`].
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tag: Tag::new("Condvar"),
            inner: std::sync::Condvar::new(),
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
        let (guard, over) = self.asleep(guard, Some(timeout), Location::caller());
        let over = WaitTimeoutResult(over);
        match guard {
            Ok(guard) => Ok((guard, over)),
            Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), over))),
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
        let place = Location::caller();
        let start = Instant::now();
        let mut over = false;
        loop {
            if !condition(&mut guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let left = timeout.checked_sub(start.elapsed());
            let Some(left) = left.filter(|_| !over) else {
                return Ok((guard, WaitTimeoutResult(true)));
            };
            let woken = self.asleep(guard, Some(left), place);
            over = woken.1;
            guard = match woken.0 {
                Ok(guard) => guard,
                Err(poisoned) => {
                    let guard = poisoned.into_inner();
                    return Err(PoisonError::new((guard, WaitTimeoutResult(over))));
                }
            };
        }
    }

    /// As [`std::sync::Condvar::notify_one`].
    #[track_caller]
    pub fn notify_one(&self) {
        self.notify(StepKind::Notified, Location::caller(), 1);
        self.inner.notify_one();
        turn::pass();
    }

    /// As [`std::sync::Condvar::notify_all`].
    #[track_caller]
    pub fn notify_all(&self) {
        self.notify(StepKind::NotifiedAll, Location::caller(), usize::MAX);
        self.inner.notify_all();
        turn::pass();
    }

    /// Notes that `most` of those who wait may go on. Which of them, the system
    /// decides; so all of them count as able to until that many have.
    fn notify(&self, step: fn(Object) -> StepKind, place: Place, most: usize) {
        let mut state = state();
        let object = self.tag.object(&mut state);
        let by = state.who();
        let record = self.tag.record(&mut state);
        record.notified = Some((by, place, record.waiters > 0));
        record.count = record.waiters.min(record.count.saturating_add(most));
        if turn::is_fixed() {
            turn::notify(&mut state, self.tag.handle(), most);
        }
        state.step(step(object), place);
    }

    fn asleep<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Option<Duration>,
        place: Place,
    ) -> Woken<MutexGuard<'a, T>> {
        {
            let mut state = state();
            let object = self.tag.object(&mut state);
            self.tag.record(&mut state).waiters += 1;
            state.step(StepKind::Slept(object), place);
        }
        // Between here and the sleep the lock counts as free although it is not: that can only
        // make somebody count as able to go on.
        let (lock, inner): (&'a Mutex<T>, _) = guard.give_up();
        let wait = Wait::Notify(self.tag.handle());
        let result = if turn::is_fixed() {
            drop(inner);
            let over = waiting_for(wait, timeout, place, |go| go == Go::TimedOut);
            (None, over)
        } else {
            waiting_for(wait, timeout, place, |_| match timeout {
                None => (Some(self.inner.wait(inner)), false),
                Some(timeout) => match self.inner.wait_timeout(inner, timeout) {
                    Ok((inner, result)) => (Some(Ok(inner)), result.timed_out()),
                    Err(poisoned) => {
                        let (inner, result) = poisoned.into_inner();
                        (Some(Err(PoisonError::new(inner))), result.timed_out())
                    }
                },
            })
        };
        {
            let mut state = state();
            let record = self.tag.record(&mut state);
            record.waiters -= 1;
            record.count = record.count.saturating_sub(1);
        }
        match result {
            (Some(taken), over) => (lock.guarded(taken, place), over),
            (None, over) => (lock.lock_at(place), over),
        }
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Default for Condvar {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}
