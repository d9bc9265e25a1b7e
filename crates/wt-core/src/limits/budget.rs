//! An amount that many threads share, handed out in the order of asking.
//!
//! One mutex guards everything. Who must wait gets a ticket and a condition
//! variable of its own; who gives back serves the line from its front, so a
//! permit is handed over under the lock and cannot be snatched by a newcomer.

use std::fmt;

use wt_sync::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_sync::time::{Duration, Instant};

use super::error::AcquireError;
use super::line::Line;
use super::permit::Permit;

/// An amount, usually of bytes, of which [`Permit`]s hold parts.
///
/// Fair: requests are served strictly in the order in which they came, so a large
/// one waits for those before it and for nobody else. The price is that a small
/// one waits behind it although there would be room.
///
/// A clone is another handle to the same budget. Do not [`acquire`](Self::acquire)
/// while you hold a permit of the same budget, unless you know that the rest is
/// enough for all: two threads that each hold one half and ask for another wait
/// for ever.
///
/// # Examples
///
/// Any number of jobs may be queued, but not more than 1 MiB is in flight:
///
/// ```
/// use wt_core::limits::Budget;
/// use wt_core::pool::Pool;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let memory = Budget::new(1 << 20);
/// let pool = Pool::new(2)?;
/// let mut jobs = Vec::new();
/// for size in [100_000, 600_000, 700_000] {
///     let permit = memory.acquire(size)?; // waits for the jobs before it
///     jobs.push(pool.submit(move || {
///         let buffer = vec![1_u8; permit.amount()];
///         buffer.len()
///     })?);
/// }
/// for job in jobs {
///     job.join()?;
/// }
/// assert!(memory.stats().peak <= 1 << 20);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Budget {
    shared: Arc<Shared>,
}

/// One consistent snapshot of a [`Budget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BudgetStats {
    /// The whole budget.
    pub total: usize,
    /// What permits hold now.
    pub in_use: usize,
    /// The most that permits have held at one moment.
    pub peak: usize,
    /// How many requests wait now.
    pub waiting: usize,
    /// Permits handed out by requests since the start; a
    /// [`split`](Permit::split) is not a request.
    pub granted: u64,
    /// Requests that had to wait, however that ended.
    pub waited: u64,
    /// Requests that gave up waiting.
    pub timed_out: u64,
}

pub(super) struct Shared {
    state: Mutex<State>,
}

struct State {
    line: Line,
    closed: bool,
    /// `waiting` is left at 0: it is the length of the line.
    stats: BudgetStats,
}

impl Budget {
    /// A budget of `total`. With 0, only requests for nothing are granted.
    #[must_use]
    pub fn new(total: usize) -> Self {
        let state = State {
            line: Line::default(),
            closed: false,
            stats: BudgetStats {
                total,
                ..BudgetStats::default()
            },
        };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
            }),
        }
    }

    /// Takes `amount`, after everybody who asked before.
    ///
    /// Blocks until that much is free and it is this request's turn, or until the
    /// budget is closed. A request for 0 never waits.
    ///
    /// # Errors
    ///
    /// [`AcquireError::TooLarge`] at once if the whole budget is smaller,
    /// [`Closed`](AcquireError::Closed) once [`close`](Self::close) was called.
    pub fn acquire(&self, amount: usize) -> Result<Permit, AcquireError> {
        self.shared.acquire(amount, None)
    }

    /// As [`acquire`](Self::acquire), but gives up after `timeout`. A permit that
    /// is handed over at the last moment counts: it is returned, not lost.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire), and [`AcquireError::TimedOut`].
    pub fn acquire_timeout(
        &self,
        amount: usize,
        timeout: Duration,
    ) -> Result<Permit, AcquireError> {
        // A time that the clock cannot express is as good as never.
        let deadline = Instant::now().checked_add(timeout);
        self.shared.acquire(amount, deadline)
    }

    /// Takes `amount` if it is free now and nobody waits. Never blocks for longer
    /// than the budget's lock is held.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire), and [`AcquireError::Full`].
    pub fn try_acquire(&self, amount: usize) -> Result<Permit, AcquireError> {
        let mut state = self.shared.lock();
        state.check(amount)?;
        if state.take_at_once(amount) {
            return Ok(self.shared.permit(amount));
        }
        let free = state.free();
        Err(AcquireError::Full { amount, free })
    }

    /// Refuses all requests from now on, and those that wait. Permits stay good
    /// and go back as ever. Closing twice is closing once.
    pub fn close(&self) {
        let mut state = self.shared.lock();
        state.closed = true;
        state.line.wake_all();
    }

    /// What is in use, the peak and the counters, all of one moment.
    #[must_use]
    pub fn stats(&self) -> BudgetStats {
        let state = self.shared.lock();
        BudgetStats {
            waiting: state.line.len(),
            ..state.stats
        }
    }
}

impl Shared {
    fn acquire(
        self: &Arc<Self>,
        amount: usize,
        deadline: Option<Instant>,
    ) -> Result<Permit, AcquireError> {
        let mut state = self.lock();
        state.check(amount)?;
        if state.take_at_once(amount) {
            return Ok(self.permit(amount));
        }
        state.stats.waited += 1;
        let turn = Arc::new(Condvar::new());
        let ticket = state.line.join(amount, Arc::clone(&turn));
        while state.line.is_waiting(ticket) {
            if state.closed {
                state.line.leave(ticket);
                return Err(AcquireError::Closed);
            }
            let Some(deadline) = deadline else {
                state = turn.wait(state).expect(UNPOISONED);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.give_up(ticket);
                return Err(AcquireError::TimedOut { amount });
            }
            state = turn.wait_timeout(state, left).expect(UNPOISONED).0;
        }
        Ok(self.permit(amount))
    }

    pub(super) fn give_back(&self, amount: usize) {
        let mut state = self.lock();
        state.stats.in_use -= amount;
        state.serve();
    }

    fn permit(self: &Arc<Self>, amount: usize) -> Permit {
        Permit::new(Arc::clone(self), amount)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }
}

const UNPOISONED: &str = "no foreign code runs under the lock of a budget";

impl State {
    fn check(&self, amount: usize) -> Result<(), AcquireError> {
        let total = self.stats.total;
        if self.closed {
            Err(AcquireError::Closed)
        } else if amount > total {
            Err(AcquireError::TooLarge { amount, total })
        } else {
            Ok(())
        }
    }

    fn take_at_once(&mut self, amount: usize) -> bool {
        let fits = amount == 0 || (self.line.is_empty() && amount <= self.free());
        if fits {
            self.take(amount);
        }
        fits
    }

    fn take(&mut self, amount: usize) {
        self.stats.in_use += amount;
        self.stats.peak = self.stats.peak.max(self.stats.in_use);
        self.stats.granted += 1;
    }

    /// Serves the front of the line for as long as there is enough.
    fn serve(&mut self) {
        // After closing, the line is left to those who stand in it: they leave with an error.
        while !self.closed
            && let Some(amount) = self.line.serve_first(self.free())
        {
            self.take(amount);
        }
    }

    fn give_up(&mut self, ticket: u64) {
        self.line.leave(ticket);
        self.stats.timed_out += 1;
        // It may have been a large request at the front, and what is free enough for the next.
        self.serve();
    }

    fn free(&self) -> usize {
        self.stats.total - self.stats.in_use
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Budget").field(&self.stats()).finish()
    }
}
