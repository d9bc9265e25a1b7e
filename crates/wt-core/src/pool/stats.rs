//! Counters of a pool, read together.

use wt_sync::sync::Arc;
use wt_sync::time::{Duration, Instant};

use super::state::State;
use super::watch::Clock;
use super::worker::Worker;

/// One consistent snapshot of a pool's counters.
///
/// All fields are read under one lock, so in every snapshot
/// `submitted = done + failed + cancelled + discarded + queued + running`.
///
/// A job is counted as done or failed before its handle gives the result: after
/// `join`, the snapshot already includes the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Jobs accepted since the pool was built. A job that was handed back does
    /// not count.
    pub submitted: u64,
    /// Jobs that returned.
    pub done: u64,
    /// Jobs that panicked.
    pub failed: u64,
    /// Jobs that [`cancel`](super::JoinHandle::cancel) removed, or that a
    /// [`CancelToken`](super::CancelToken) kept from beginning.
    pub cancelled: u64,
    /// Jobs that the pool removed before they began, also because their deadline
    /// had passed.
    pub discarded: u64,
    /// Jobs that wait in the queue now.
    pub queued: u64,
    /// Jobs that have begun and not ended. This may exceed the number of
    /// workers: a caller runs jobs under
    /// [`CallerRuns`](super::RejectionPolicy::CallerRuns), and a worker that
    /// waits for one job runs another.
    pub running: u64,
    /// Worker threads that are alive now.
    pub workers: usize,
}

impl Stats {
    /// Jobs that have left the pool, however they ended.
    #[must_use]
    pub fn finished(&self) -> u64 {
        self.done + self.failed + self.cancelled + self.discarded
    }
}

/// One worker at the moment of [`Pool::worker_stats`](super::Pool::worker_stats).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStats {
    /// Its number, as in its thread's name.
    pub index: usize,
    /// What it does.
    pub state: WorkerState,
    /// Jobs it has begun. If two looks see it `Running` and this the same, it has
    /// been in one job all the time between.
    pub begun: u64,
    /// Jobs that returned.
    pub done: u64,
    /// Jobs that panicked.
    pub failed: u64,
    /// Jobs it has taken from the queue and not begun. Others may steal them.
    pub buffered: usize,
    /// Jobs that wait for this worker alone.
    pub inbox: usize,
    /// The time it has spent in jobs. Zero without
    /// [`Builder::timing`](super::Builder::timing).
    pub busy: Duration,
    /// When its job began; of several, the outermost. `None` if it runs none, or
    /// without [`Builder::timing`](super::Builder::timing).
    pub running_since: Option<Instant>,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WorkerState {
    /// It sleeps until there is work. It may do so inside a job that waits.
    Asleep,
    /// It looks for work, starts or ends.
    Searching,
    /// It is in a job.
    Running,
}

impl State {
    /// All counters as they were at one moment.
    pub(super) fn stats(&mut self) -> Stats {
        let workers: Vec<Arc<Worker>> = self.living().map(Arc::clone).collect();
        // All locks at once, so that no job begins meanwhile.
        let mut locals: Vec<_> = workers.iter().map(|worker| worker.lock()).collect();
        for local in &mut locals {
            self.settle(local);
        }
        // Jobs still end. Two looks that are equal have no end between them; and as no job
        // begins, there are soon no ends left.
        let ends = || workers.iter().map(|worker| worker.ends.read());
        let mut before: Vec<(u64, u64)> = ends().collect();
        loop {
            let after: Vec<(u64, u64)> = ends().collect();
            if before == after {
                break;
            }
            before = after;
        }
        let mut counts = self.counts;
        for (done, failed) in before {
            counts.done += done;
            counts.failed += failed;
        }
        counts.to_stats(workers.len())
    }

    /// Every living worker, as it was at one moment.
    pub(super) fn worker_stats(
        &self,
        times: impl Fn(&Clock) -> (Duration, Option<Instant>),
    ) -> Vec<WorkerStats> {
        let workers: Vec<&Arc<Worker>> = self.living().collect();
        let locals: Vec<_> = workers.iter().map(|worker| worker.lock()).collect();
        let each = workers.iter().zip(&locals).map(|(worker, local)| {
            let (done, failed) = worker.ends.read();
            let (busy, running_since) = times(&worker.clock);
            let state = if self.sleepers.is_asleep(worker.index) {
                WorkerState::Asleep
            } else if local.taken > done + failed {
                WorkerState::Running
            } else {
                WorkerState::Searching
            };
            WorkerStats {
                index: worker.index,
                state,
                begun: local.taken,
                done,
                failed,
                buffered: local.share.len(),
                inbox: self.seats[worker.index].inbox.len(),
                busy,
                running_since,
            }
        });
        each.collect()
    }
}
