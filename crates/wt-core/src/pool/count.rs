//! Counters that each worker keeps for itself and the queue adds up.
//!
//! A counter that all workers write would be one cache line that travels from
//! core to core for every job. Here a worker writes its own, and the sums are
//! made when somebody asks.

use wt_sync::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::job::Claim;
use super::queue::Queue;
use super::stats::Stats;
use super::worker::Worker;

/// How many jobs passed each point of their way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) submitted: u64,
    pub(super) begun: u64,
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) cancelled: u64,
    pub(super) discarded: u64,
}

impl Counts {
    pub(super) fn queued(&self) -> u64 {
        self.submitted - self.begun - self.cancelled - self.discarded
    }

    /// Jobs that were accepted and are not known here to have ended.
    pub(super) fn in_flight(&self) -> u64 {
        self.submitted - self.done - self.failed - self.cancelled - self.discarded
    }

    /// A queued job is begun or refused.
    pub(super) fn take_out(&mut self, answer: Claim) {
        match answer {
            Claim::Granted => self.begun += 1,
            Claim::Expired => self.discarded += 1,
            Claim::Cancelled => self.cancelled += 1,
            Claim::Gone => {}
        }
    }

    /// A queued job is dropped by the pool.
    pub(super) fn drop_out(&mut self, answer: Claim) {
        match answer {
            Claim::Granted | Claim::Expired => self.discarded += 1,
            Claim::Cancelled => self.cancelled += 1,
            Claim::Gone => {}
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.submitted += other.submitted;
        self.begun += other.begun;
        self.done += other.done;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.discarded += other.discarded;
    }

    pub(super) fn end(&mut self, returned: bool) {
        if returned {
            self.done += 1;
        } else {
            self.failed += 1;
        }
    }

    pub(super) fn to_stats(self, workers: usize) -> Stats {
        Stats {
            submitted: self.submitted,
            done: self.done,
            failed: self.failed,
            cancelled: self.cancelled,
            discarded: self.discarded,
            queued: self.queued(),
            running: self.begun - self.done - self.failed,
            workers,
        }
    }
}

/// Ends of jobs, counted by the one worker that runs them.
///
/// Relaxed: whoever has a job's result has synchronised with its worker through
/// the latch, after the count. Everybody else reads some earlier number.
#[derive(Debug, Default)]
pub(super) struct Ends {
    done: AtomicU64,
    failed: AtomicU64,
}

impl Ends {
    /// Called by the worker only, so there is no update to lose.
    pub(super) fn count(&self, returned: bool) {
        let counter = if returned { &self.done } else { &self.failed };
        counter.store(counter.load(Relaxed) + 1, Relaxed);
    }

    pub(super) fn total(&self) -> u64 {
        let (done, failed) = self.read();
        done + failed
    }

    /// Jobs done, and jobs failed.
    pub(super) fn read(&self) -> (u64, u64) {
        (self.done.load(Relaxed), self.failed.load(Relaxed))
    }
}

/// Where a running job reports its end: before it tells anybody else.
#[derive(Clone, Copy)]
pub(super) enum Count<'a> {
    Worker(&'a Worker),
    /// For a job that runs on a thread that is not one of the pool's.
    Queue(&'a Queue),
    /// It is accounted for already.
    Nowhere,
}

impl Count<'_> {
    pub(super) fn end(self, returned: bool) {
        match self {
            Self::Worker(worker) => worker.ends.count(returned),
            Self::Queue(queue) => queue.end(returned),
            Self::Nowhere => {}
        }
    }
}
