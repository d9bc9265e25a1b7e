//! Waiting until a pool has nothing left to do. Elsewhere `join` (threadpool) or
//! the event `drain` (piscina).

use std::error::Error;
use std::fmt;

use wt_sync::time::{Duration, Instant};

use super::Pool;
use super::queue::{Queue, UNPOISONED};
use super::state::State;
use super::worker;

impl Pool {
    /// Blocks until nothing is queued and nothing runs. The pool stays open.
    ///
    /// It waits for all jobs, whoever submitted them: while other threads submit,
    /// there may be no such moment. To wait for jobs of your own, keep their
    /// handles, or use a [`scope`](Self::scope).
    ///
    /// # Panics
    ///
    /// On a worker of this pool: its own job runs, so the wait would never end.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(2)?;
    /// let sum = Arc::new(AtomicU32::new(0));
    /// for n in 1..=10 {
    ///     let sum = Arc::clone(&sum);
    ///     pool.submit_detached(move || {
    ///         sum.fetch_add(n, Ordering::Relaxed);
    ///     })?;
    /// }
    /// pool.wait_idle();
    /// assert_eq!(sum.load(Ordering::Relaxed), 55);
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_idle(&self) {
        self.wait_quiet(None);
    }

    /// As [`wait_idle`](Self::wait_idle), but blocks for `timeout` at most.
    ///
    /// # Errors
    ///
    /// [`StillBusy`] if jobs were queued or running all the time.
    ///
    /// # Panics
    ///
    /// As [`wait_idle`](Self::wait_idle).
    pub fn wait_idle_timeout(&self, timeout: Duration) -> Result<(), StillBusy> {
        // No deadline if it lies beyond what an `Instant` can hold.
        let deadline = Instant::now().checked_add(timeout);
        if self.wait_quiet(deadline) {
            return Ok(());
        }
        let stats = self.stats();
        Err(StillBusy {
            queued: stats.queued,
            running: stats.running,
        })
    }

    fn wait_quiet(&self, deadline: Option<Instant>) -> bool {
        assert!(
            !worker::is_current(&self.queue),
            "the job waits for itself: its pool is not idle while it runs"
        );
        self.queue.wait_quiet(deadline)
    }
}

impl Queue {
    fn wait_quiet(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.lock();
        state.waiting_for_quiet += 1;
        // Whoever ends a job from here on takes the lock after it, and sees that it is waited for.
        let is_quiet = loop {
            if state.is_quiet() {
                break true;
            }
            let Some(deadline) = deadline else {
                state = self.quiet.wait(state).expect(UNPOISONED);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break false;
            }
            (state, _) = self.quiet.wait_timeout(state, left).expect(UNPOISONED);
        };
        state.waiting_for_quiet -= 1;
        is_quiet
    }

    /// Tells those who wait for it if nothing is queued or running.
    pub(super) fn note_quiet(&self, state: &mut State) {
        if state.waiting_for_quiet > 0 && state.is_quiet() {
            self.quiet.notify_all();
        }
    }
}

/// [`Pool::wait_idle_timeout`] ran out of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StillBusy {
    /// Jobs that were queued then.
    pub queued: u64,
    /// Jobs that ran then.
    pub running: u64,
}

impl fmt::Display for StillBusy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { queued, running } = self;
        write!(f, "{queued} jobs were queued and {running} running")
    }
}

impl Error for StillBusy {}
