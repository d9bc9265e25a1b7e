//! A clock that moves only when the check says so.

// Its sleepers are threads that the record does not know, and so no deadlock; an
// explored check has none but the façade's.
#[cfg(not(feature = "explore"))]
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "explore")]
use wt_sync::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use wt_sync::time::{Clock, Duration, Instant};

/// A [`Clock`] for checks. Clones share one time.
///
/// # Examples
///
/// ```
/// use wt_sync::time::{Clock, Duration};
///
/// let clock = wt_check::FakeClock::new();
/// let sleeper = clock.clone();
/// let thread = wt_check::spawn("sleeper", move || sleeper.sleep(Duration::from_secs(3600)));
/// assert!(wt_check::wait_until(|| clock.sleepers() == 1));
/// clock.advance(Duration::from_secs(3600));
/// assert_eq!(thread.join_soon(), Ok(()));
/// ```
#[derive(Debug, Clone)]
pub struct FakeClock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    start: Instant,
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    passed: Duration,
    sleepers: usize,
}

impl FakeClock {
    /// A clock that stands still.
    #[must_use]
    pub fn new() -> Self {
        let shared = Shared {
            start: Instant::now(),
            state: Mutex::default(),
            moved: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Moves the clock forward and wakes whoever has slept long enough.
    pub fn advance(&self, by: Duration) {
        self.state().passed += by;
        self.shared.moved.notify_all();
    }

    /// How many threads are in [`Clock::sleep`] now. Wait for them before you
    /// [`advance`](Self::advance), or they start to sleep after it.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.state().sleepers
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        self.shared.start + self.state().passed
    }

    fn sleep(&self, duration: Duration) {
        let mut state = self.state();
        let until = state.passed + duration;
        state.sleepers += 1;
        while state.passed < until {
            state = self
                .shared
                .moved
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.sleepers -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_only_by_advance() {
        let clock = FakeClock::new();
        let start = clock.now();
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now() - start, Duration::from_millis(1500));
    }

    #[test]
    fn a_sleeper_wakes_at_its_time_and_not_before() {
        let clock = FakeClock::new();
        let other = clock.clone();
        let sleeper = crate::spawn("sleeper", move || other.sleep(Duration::from_secs(10)));
        assert!(crate::wait_until(|| clock.sleepers() == 1));
        clock.advance(Duration::from_secs(9));
        assert_eq!(sleeper.wait_asleep(), crate::Activity::Asleep);
        clock.advance(Duration::from_secs(1));
        assert_eq!(sleeper.join_soon(), Ok(()));
    }
}
