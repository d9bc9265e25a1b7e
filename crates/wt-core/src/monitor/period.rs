//! What happened between two moments.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::histogram::Histogram;
use super::sample::{Sample, WorkerSample};
use crate::pool::Stats;

/// The difference between two [`Sample`]s.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
/// use wt_core::monitor::{Sample, WorkerSample};
///
/// let mut worker = WorkerSample::new(0, "render-0");
/// let mut before = Sample::new(Instant::now());
/// before.workers = vec![worker.clone()];
/// // Ten seconds later:
/// worker.busy = Duration::from_secs(4);
/// let mut after = Sample::new(before.at + Duration::from_secs(10));
/// after.workers = vec![worker];
///
/// let period = after.since(&before)?;
/// assert_eq!(period.workers[0].utilisation, 0.4);
/// # Ok::<(), wt_core::monitor::PeriodError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Period {
    /// How long it was. Never zero.
    pub length: Duration,
    /// Jobs that were accepted in it.
    pub submitted: u64,
    /// Jobs that returned in it.
    pub done: u64,
    /// Jobs that panicked in it.
    pub failed: u64,
    /// Jobs that were cancelled in it.
    pub cancelled: u64,
    /// Jobs that the pool removed in it.
    pub discarded: u64,
    /// The counters at its beginning.
    pub before: Stats,
    /// The counters at its end.
    pub after: Stats,
    /// The workers that were alive at its end.
    pub workers: Vec<WorkerPeriod>,
    /// How long the jobs that began in it had waited.
    pub wait: Histogram,
    /// How long the jobs that ended in it had run.
    pub run: Histogram,
}

/// What one worker did between two moments. A worker that was not alive at the
/// beginning is counted from its own beginning.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WorkerPeriod {
    /// The worker's number in its pool.
    pub index: usize,
    /// The name of its thread.
    pub name: String,
    /// Jobs it began.
    pub begun: u64,
    /// The share of the period that it spent inside jobs, from 0 to 1.
    pub utilisation: f64,
    /// The share of the period that it spent on a processor, from 0 to 1. Far
    /// below `utilisation`, its jobs wait for something.
    pub cpu: Option<f64>,
    /// How long its current job has been running, also before the period.
    pub running_for: Option<Duration>,
    /// Bytes it allocated in the period.
    pub allocated: Option<u64>,
    /// Bytes it has allocated and not freed, at the end.
    pub live: Option<i64>,
}

/// Why there is no [`Period`] between two samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeriodError {
    /// The second sample is not later than the first: they were swapped, or taken
    /// at the same moment, or the clock went back.
    NotLater,
    /// A total is smaller in the second sample, so they are of two pools.
    Unrelated,
}

impl Period {
    pub(super) fn between(before: &Sample, after: &Sample) -> Result<Self, PeriodError> {
        let length = after.at.checked_duration_since(before.at);
        let length = length.filter(|length| !length.is_zero());
        let length = length.ok_or(PeriodError::NotLater)?;
        let grown = |total: fn(&Stats) -> u64| {
            let (before, after) = (total(&before.jobs), total(&after.jobs));
            after.checked_sub(before).ok_or(PeriodError::Unrelated)
        };
        let workers = after.workers.iter().map(|after| {
            let before = before.workers.iter().find(|w| w.index == after.index);
            WorkerPeriod::between(before, after, length)
        });
        Ok(Self {
            length,
            submitted: grown(|jobs| jobs.submitted)?,
            done: grown(|jobs| jobs.done)?,
            failed: grown(|jobs| jobs.failed)?,
            cancelled: grown(|jobs| jobs.cancelled)?,
            discarded: grown(|jobs| jobs.discarded)?,
            before: before.jobs,
            after: after.jobs,
            workers: workers.collect(),
            wait: added(&before.wait, &after.wait)?,
            run: added(&before.run, &after.run)?,
        })
    }

    /// Jobs that left the pool in the period, however they ended.
    #[must_use]
    pub fn finished(&self) -> u64 {
        self.done + self.failed + self.cancelled + self.discarded
    }

    /// Jobs that returned, per second.
    #[must_use]
    pub fn throughput(&self) -> f64 {
        self.done as f64 / self.length.as_secs_f64()
    }

    /// The mean utilisation of the workers; 0 without workers.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        let sum: f64 = self.workers.iter().map(|worker| worker.utilisation).sum();
        sum / self.workers.len().max(1) as f64
    }
}

impl WorkerPeriod {
    fn between(before: Option<&WorkerSample>, after: &WorkerSample, length: Duration) -> Self {
        let nobody = WorkerSample::default();
        // A total that is smaller than before is that of a worker who took an ended one's place.
        let before = before
            .filter(|before| before.begun <= after.begun && before.cpu <= after.cpu)
            .unwrap_or(&nobody);
        // A share is at most 1, also if a clock was read a moment before the other.
        let share = |time: Duration| (time.as_secs_f64() / length.as_secs_f64()).min(1.0);
        let allocated_before = before.memory.map_or(0, |memory| memory.allocated);
        Self {
            index: after.index,
            name: after.name.clone(),
            begun: after.begun - before.begun,
            utilisation: share(after.busy.saturating_sub(before.busy)),
            cpu: after
                .cpu
                .map(|cpu| share(cpu.saturating_sub(before.cpu.unwrap_or_default()))),
            running_for: after.running_for,
            allocated: after
                .memory
                .map(|memory| memory.allocated.saturating_sub(allocated_before)),
            live: after.memory.map(|memory| memory.live()),
        }
    }
}

fn added(before: &Histogram, after: &Histogram) -> Result<Histogram, PeriodError> {
    after.since(before).ok_or(PeriodError::Unrelated)
}

impl fmt::Display for PeriodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotLater => "the second sample is not later than the first",
            Self::Unrelated => "a total has shrunk, so the samples are of two pools",
        })
    }
}

impl Error for PeriodError {}
