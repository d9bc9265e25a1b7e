//! One word on how a pool is doing.

use std::fmt;
use std::time::Duration;

use super::period::{Period, WorkerPeriod};

/// How a pool did in a [`Period`]. The first row that fits is the verdict:
///
/// | Workers alive | Jobs | Verdict |
/// | --- | --- | --- |
/// | none | some are queued, and none finished | [`Dead`](Self::Dead) |
/// | some | one has been running for [`stalled_after`](HealthPolicy::stalled_after) or longer | [`Stalled`](Self::Stalled) |
/// | some | some are queued, no fewer than before, and the workers were busy for [`saturated_at`](HealthPolicy::saturated_at) of the period or more | [`Saturated`](Self::Saturated) |
/// | any | anything else | [`Healthy`](Self::Healthy) |
///
/// A pool without workers and without jobs is healthy: its workers may have
/// retired, or it was shut down by its owner, who knows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Health {
    /// Jobs come and go.
    Healthy,
    /// All workers are busy and the queue does not get shorter: more comes in than
    /// can be done.
    Saturated {
        /// Jobs in the queue at the end.
        queued: u64,
        /// The mean utilisation of the workers, from 0 to 1.
        utilisation: f64,
    },
    /// A job has been running for too long.
    Stalled {
        /// The workers that run such jobs, longest first. Not empty.
        workers: Vec<StalledWorker>,
    },
    /// Jobs wait, and nobody is there to run them.
    Dead {
        /// Jobs in the queue at the end.
        queued: u64,
    },
}

/// A worker whose job has been running for too long.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StalledWorker {
    /// The worker's number in its pool.
    pub index: usize,
    /// The name of its thread, to be found in a debugger.
    pub name: String,
    /// How long its job has been running.
    pub running_for: Duration,
    /// The share of the period that it spent on a processor, if known: near 0 the
    /// job waits for something, near 1 it computes or spins.
    pub cpu: Option<f64>,
}

/// What counts as ill.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, Instant};
/// use wt_core::monitor::{Health, HealthPolicy, Sample, WorkerSample};
///
/// let mut worker = WorkerSample::new(3, "render-3");
/// worker.running_for = Some(Duration::from_secs(12));
/// let before = Sample::new(Instant::now());
/// let mut after = Sample::new(before.at + Duration::from_secs(1));
/// after.jobs.workers = 1;
/// after.workers = vec![worker];
///
/// let health = HealthPolicy::default().judge(&after.since(&before)?);
/// assert_eq!(health.to_string(), "stalled: render-3 for 12.0 s");
/// # Ok::<(), wt_core::monitor::PeriodError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct HealthPolicy {
    /// A job that runs for this long or longer has stalled. 10 s by default; set
    /// it well above your longest job.
    pub stalled_after: Duration,
    /// Workers that are busy for this share of the time or more are saturated, if
    /// jobs pile up as well. 0.9 by default.
    pub saturated_at: f64,
}

impl HealthPolicy {
    /// The verdict on a period. A period of a few seconds is a good one: a short
    /// one finds a burst saturated, a long one finds an illness late.
    #[must_use]
    pub fn judge(&self, period: &Period) -> Health {
        let queued = period.after.queued;
        if period.after.workers == 0 {
            return match queued {
                1.. if period.finished() == 0 => Health::Dead { queued },
                _ => Health::Healthy,
            };
        }
        let workers = self.stalled(&period.workers);
        if !workers.is_empty() {
            return Health::Stalled { workers };
        }
        let utilisation = period.utilisation();
        let piling_up = queued > 0 && queued >= period.before.queued;
        if piling_up && utilisation >= self.saturated_at {
            return Health::Saturated {
                queued,
                utilisation,
            };
        }
        Health::Healthy
    }

    fn stalled(&self, workers: &[WorkerPeriod]) -> Vec<StalledWorker> {
        let mut stalled: Vec<_> = workers
            .iter()
            .filter_map(|worker| {
                let running_for = worker.running_for?;
                (running_for >= self.stalled_after).then(|| StalledWorker {
                    index: worker.index,
                    name: worker.name.clone(),
                    running_for,
                    cpu: worker.cpu,
                })
            })
            .collect();
        stalled.sort_by_key(|worker| std::cmp::Reverse(worker.running_for));
        stalled
    }
}

impl Default for HealthPolicy {
    fn default() -> Self {
        Self {
            stalled_after: Duration::from_secs(10),
            saturated_at: 0.9,
        }
    }
}

impl Health {
    /// The verdict in one word: `healthy`, `saturated`, `stalled` or `dead`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Saturated { .. } => "saturated",
            Self::Stalled { .. } => "stalled",
            Self::Dead { .. } => "dead",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Healthy => Ok(()),
            Self::Saturated {
                queued,
                utilisation,
            } => {
                let percent = utilisation * 100.0;
                write!(f, ": {queued} jobs queued, workers {percent:.0} % busy")
            }
            Self::Stalled { workers } => {
                for (place, worker) in workers.iter().enumerate() {
                    let separator = if place == 0 { ": " } else { ", " };
                    write!(f, "{separator}{worker}")?;
                }
                Ok(())
            }
            Self::Dead { queued } => write!(f, ": {queued} jobs queued, no worker alive"),
        }
    }
}

impl fmt::Display for StalledWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.running_for.as_secs_f64();
        write!(f, "{} for {seconds:.1} s", self.name)?;
        match self.cpu {
            Some(cpu) => write!(f, ", {:.0} % on a processor", cpu * 100.0),
            None => Ok(()),
        }
    }
}
