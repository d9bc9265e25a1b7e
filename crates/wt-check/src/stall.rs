//! Finds a process in which nothing will ever happen again.
//!
//! A process has stalled when no thread has run for a while and all of them are
//! asleep. A thread that is merely slow, or that the machine gives no time, is
//! runnable and not asleep; one that polls leaves the processor again and again.
//! A single sleep of more than [`QUIET`] in the checked code looks like a stall;
//! no lesson has a use for one.

use std::time::{Duration, Instant};

use crate::tasks::{self, Task, Tid};

/// How long nothing must happen.
const QUIET: Duration = Duration::from_millis(1500);
/// How often to look.
pub(crate) const TICK: Duration = Duration::from_millis(100);

pub(crate) struct StallWatch {
    watcher: Tid,
    last: Vec<Task>,
    looked: Instant,
    quiet: Duration,
}

impl StallWatch {
    /// Watches every thread but the calling one.
    pub(crate) fn new() -> Self {
        Self {
            watcher: tasks::current_tid(),
            last: Vec::new(),
            looked: Instant::now(),
            quiet: Duration::ZERO,
        }
    }

    /// Looks if a [`TICK`] has passed since the last look, and says whether the
    /// process has stalled. Quiet time is counted in looks, so a machine that
    /// stands still as a whole does not count.
    pub(crate) fn look(&mut self) -> bool {
        if self.looked.elapsed() < TICK {
            return false;
        }
        self.looked = Instant::now();
        let mut now = tasks::all();
        now.retain(|task| task.tid != self.watcher);
        now.sort_by_key(|task| task.tid);
        let nothing_ran = !now.is_empty() && now == self.last && now.iter().all(|task| task.asleep);
        self.quiet = if nothing_ran {
            self.quiet + TICK
        } else {
            Duration::ZERO
        };
        self.last = now;
        self.quiet >= QUIET
    }
}
