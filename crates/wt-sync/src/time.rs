//! Time: std's types, and a [`Clock`] that a test can replace.
//!
//! Code that waits or measures takes a `&dyn Clock` (or a `C: Clock`). In
//! production that is [`SystemClock`]; in a test it is a clock that moves only
//! when the test says so, so that "after 30 seconds" takes no time and cannot
//! be wrong on a slow machine.

#[cfg(feature = "explore")]
pub use crate::explore::time::*;
#[cfg(not(feature = "explore"))]
pub use std::time::*;

/// Where the time comes from, and how to wait for it to pass.
///
/// # Examples
///
/// ```
/// use wt_sync::time::{Clock, Duration, Instant, SystemClock};
///
/// fn expired(clock: &dyn Clock, since: Instant) -> bool {
///     clock.now().duration_since(since) > Duration::from_secs(30)
/// }
///
/// assert!(!expired(&SystemClock, SystemClock.now()));
/// ```
pub trait Clock: Send + Sync {
    /// The current instant. Never goes backwards.
    fn now(&self) -> Instant;

    /// Blocks the calling thread until at least `duration` has passed on this
    /// clock.
    fn sleep(&self, duration: Duration);
}

/// The machine's monotonic clock: [`Instant::now`] and [`std::thread::sleep`].
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) {
        crate::thread::sleep(duration);
    }
}
