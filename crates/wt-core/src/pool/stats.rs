//! Counters of a pool, read together.

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
    /// Jobs that [`cancel`](super::JoinHandle::cancel) removed.
    pub cancelled: u64,
    /// Jobs that the pool removed before they began.
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
