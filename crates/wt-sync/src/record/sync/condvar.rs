//! [`std::sync::Condvar`], watched.

use std::fmt;
use std::panic::Location;
use std::sync::{LockResult, PoisonError};
use std::time::{Duration, Instant};

use super::map;
use super::mutex::{Mutex, MutexGuard};
use crate::record::state::{Tag, Wait, state, waiting};
use crate::record::step::StepKind;

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

type Inner<'a, T> = std::sync::MutexGuard<'a, T>;

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
        let wait = Wait::Notify(self.tag.handle());
        self.asleep(guard, wait, Location::caller(), |inner| {
            map(self.inner.wait(inner), |inner| (inner, ()))
        })
        .map_or_else(
            |poisoned| Err(only_guard(poisoned)),
            |(guard, ())| Ok(guard),
        )
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
        self.asleep(guard, Wait::Other, Location::caller(), |inner| {
            map(
                self.inner.wait_timeout(inner, timeout),
                |(inner, result)| (inner, WaitTimeoutResult(result.timed_out())),
            )
        })
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
        let start = Instant::now();
        loop {
            if !condition(&mut guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let Some(left) = timeout.checked_sub(start.elapsed()) else {
                return Ok((guard, WaitTimeoutResult(true)));
            };
            guard = self.wait_timeout(guard, left)?.0;
        }
    }

    /// As [`std::sync::Condvar::notify_one`].
    #[track_caller]
    pub fn notify_one(&self) {
        self.notify(StepKind::Notified(self.tag.made_at), Location::caller(), 1);
        self.inner.notify_one();
    }

    /// As [`std::sync::Condvar::notify_all`].
    #[track_caller]
    pub fn notify_all(&self) {
        let step = StepKind::NotifiedAll(self.tag.made_at);
        self.notify(step, Location::caller(), usize::MAX);
        self.inner.notify_all();
    }

    /// Notes that `most` of those who wait may go on. Which of them, the system
    /// decides; so all of them count as able to until that many have.
    fn notify(&self, step: StepKind, place: &'static Location<'static>, most: usize) {
        let mut state = state();
        let record = self.tag.record(&mut state);
        record.count = record.waiters.min(record.count.saturating_add(most));
        state.step(step, place);
    }

    fn asleep<'a, T, R>(
        &self,
        guard: MutexGuard<'a, T>,
        wait: Wait,
        place: &'static Location<'static>,
        sleep: impl FnOnce(Inner<'a, T>) -> LockResult<(Inner<'a, T>, R)>,
    ) -> LockResult<(MutexGuard<'a, T>, R)> {
        {
            let mut state = state();
            self.tag.record(&mut state).waiters += 1;
            state.step(StepKind::Slept(self.tag.kind, self.tag.made_at), place);
        }
        // Between here and the sleep the lock counts as free although it is not: that can only
        // make somebody count as able to go on.
        let (lock, inner): (&'a Mutex<T>, _) = guard.give_up();
        let result = waiting(wait, place, || sleep(inner));
        {
            let mut state = state();
            let record = self.tag.record(&mut state);
            record.waiters -= 1;
            record.count = record.count.saturating_sub(1);
        }
        match result {
            Ok((inner, more)) => match lock.guarded(Ok(inner), place) {
                Ok(guard) => Ok((guard, more)),
                Err(poisoned) => Err(PoisonError::new((poisoned.into_inner(), more))),
            },
            Err(poisoned) => {
                let (inner, more) = poisoned.into_inner();
                let guard = lock.guarded(Ok(inner), place);
                let guard = guard.unwrap_or_else(PoisonError::into_inner);
                Err(PoisonError::new((guard, more)))
            }
        }
    }
}

fn only_guard<G>(poisoned: PoisonError<(G, ())>) -> PoisonError<G> {
    PoisonError::new(poisoned.into_inner().0)
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
