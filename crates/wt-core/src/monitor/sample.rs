//! What a pool had done by one moment.

use wt_sync::time::{Duration, Instant};

use super::histogram::Histogram;
use super::memory::MemoryUse;
use super::period::{Period, PeriodError};
use crate::pool::Stats;

/// Everything that is known of a pool at one moment, as totals since its start.
///
/// A total alone says little: a pool that was idle all night is not idle now.
/// Take two samples and look at the [`Period`] between them.
///
/// A [`PoolMonitor`](super::PoolMonitor) takes samples of a pool. The fields are
/// public, so that samples can be made of anything else that works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sample {
    /// When it was taken.
    pub at: Instant,
    /// The pool's counters. They balance: see [`Stats`].
    pub jobs: Stats,
    /// The workers that were alive.
    pub workers: Vec<WorkerSample>,
    /// How long jobs waited in the queue; of the jobs that the monitor looks at.
    pub wait: Histogram,
    /// How long jobs ran; of the same jobs.
    pub run: Histogram,
}

/// What one worker had done by one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerSample {
    /// The worker's number in its pool.
    pub index: usize,
    /// The name of its thread.
    pub name: String,
    /// Jobs it has begun.
    pub begun: u64,
    /// Time inside jobs, the current one included.
    pub busy: Duration,
    /// How long the current job has been running.
    pub running_for: Option<Duration>,
    /// Time on a processor, where the system tells.
    pub cpu: Option<Duration>,
    /// What it has allocated, if the program counts that.
    pub memory: Option<MemoryUse>,
}

impl Sample {
    /// A sample of nothing at `at`, to be filled in.
    #[must_use]
    pub fn new(at: Instant) -> Self {
        Self {
            at,
            jobs: Stats::default(),
            workers: Vec::new(),
            wait: Histogram::new(),
            run: Histogram::new(),
        }
    }

    /// What happened between `earlier` and this sample.
    ///
    /// # Errors
    ///
    /// [`PeriodError`] if `earlier` is not earlier, or not of the same pool.
    pub fn since(&self, earlier: &Self) -> Result<Period, PeriodError> {
        Period::between(earlier, self)
    }
}

impl WorkerSample {
    /// A worker that has done nothing.
    #[must_use]
    pub fn new(index: usize, name: impl Into<String>) -> Self {
        Self {
            index,
            name: name.into(),
            ..Self::default()
        }
    }
}
