//! Two histograms that many threads fill: how long jobs wait, and how long they
//! run.

use std::fmt;

use wt_sync::sync::{Mutex, MutexGuard};
use wt_sync::time::Duration;

use super::histogram::Histogram;

/// How many threads can record without waiting for each other.
const SHARDS: usize = 16;

/// Where workers write down how long their jobs waited and ran.
///
/// Each worker writes to a shard of its own, so recording takes an uncontended
/// lock; reading adds the shards up.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use wt_core::monitor::JobTimes;
///
/// let times = JobTimes::new();
/// times.ran(0, Duration::from_millis(2)); // by worker 0
/// times.ran(1, Duration::from_millis(4));
/// assert_eq!(times.run().mean(), Duration::from_millis(3));
/// ```
pub struct JobTimes {
    shards: [Shard; SHARDS],
}

/// Wide enough that two workers do not write to one cache line.
#[derive(Default)]
#[repr(align(128))]
struct Shard {
    wait: Mutex<Histogram>,
    run: Mutex<Histogram>,
}

impl JobTimes {
    /// Without any times.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shards: Default::default(),
        }
    }

    /// Counts a job that `worker` has begun after it was queued for `time`.
    pub fn waited(&self, worker: usize, time: Duration) {
        lock(&self.shards[worker % SHARDS].wait).record(time);
    }

    /// Counts a job that `worker` has run for `time`.
    pub fn ran(&self, worker: usize, time: Duration) {
        lock(&self.shards[worker % SHARDS].run).record(time);
    }

    /// How long jobs waited.
    #[must_use]
    pub fn wait(&self) -> Histogram {
        self.sum(|shard| &shard.wait)
    }

    /// How long jobs ran.
    #[must_use]
    pub fn run(&self) -> Histogram {
        self.sum(|shard| &shard.run)
    }

    fn sum(&self, of: fn(&Shard) -> &Mutex<Histogram>) -> Histogram {
        let mut sum = Histogram::new();
        for shard in &self.shards {
            sum.add(&lock(of(shard)));
        }
        sum
    }
}

fn lock(histogram: &Mutex<Histogram>) -> MutexGuard<'_, Histogram> {
    histogram
        .lock()
        .expect("no foreign code runs under the lock of a histogram")
}

impl Default for JobTimes {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for JobTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobTimes")
            .field("wait", &self.wait())
            .field("run", &self.run())
            .finish()
    }
}
