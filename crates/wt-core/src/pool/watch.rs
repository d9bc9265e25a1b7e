//! How long jobs wait and run, for those who want to know. Off by default: two
//! looks at the clock cost more than a small job.

use std::fmt;

use wt_sync::sync::Arc;
use wt_sync::sync::atomic::{AtomicU64, Ordering::Relaxed};
use wt_sync::time::{Duration, Instant};

use super::job::{contain, swallow};

/// Is told how long jobs waited and ran; see
/// [`Builder::recorder`](super::Builder::recorder).
///
/// Called on the worker's thread, between jobs and outside all locks: what it
/// spends, the next job waits. A panic in it is caught and dropped.
pub trait Recorder: Send + Sync + 'static {
    /// A job waited this long in the queue before `worker` began it.
    fn waited(&self, worker: usize, time: Duration);

    /// A job ran this long on `worker`.
    fn ran(&self, worker: usize, time: Duration);
}

/// What a pool measures.
#[derive(Clone)]
pub(super) struct Watch {
    pub(super) timing: bool,
    pub(super) recorder: Option<Arc<dyn Recorder>>,
    pub(super) one_in: u32,
    epoch: Instant,
}

impl Watch {
    pub(super) fn off() -> Self {
        Self {
            timing: false,
            recorder: None,
            one_in: 0,
            epoch: Instant::now(),
        }
    }

    /// Whether no clock is looked at.
    #[inline]
    pub(super) fn is_off(&self) -> bool {
        !self.timing && self.one_in == 0
    }

    /// The time of the job with this number to be noted in its slot, if it is one
    /// of the sample; else 0.
    #[inline]
    pub(super) fn stamp(&self, number: u64) -> u64 {
        if self.one_in == 0 || !number.is_multiple_of(u64::from(self.one_in)) {
            return 0;
        }
        self.now()
    }

    /// Nanoseconds since the pool was made, and never 0.
    fn now(&self) -> u64 {
        nanos(self.epoch.elapsed()).max(1)
    }

    /// Runs `job` with the clock in hand.
    pub(super) fn time(&self, worker: usize, clock: &Clock, queued_at: u64, job: impl FnOnce()) {
        let begun = self.now();
        // A job inside another one, in a `join`, belongs to the time of the outer one.
        let outermost = clock.since.load(Relaxed) == 0;
        if outermost {
            clock.since.store(begun, Relaxed);
        }
        if queued_at > 0 {
            let waited = Duration::from_nanos(begun.saturating_sub(queued_at));
            self.tell(|recorder| recorder.waited(worker, waited));
        }
        job();
        let ran = self.now().saturating_sub(begun);
        if outermost {
            clock.since.store(0, Relaxed);
            clock.busy.store(clock.busy.load(Relaxed) + ran, Relaxed);
        }
        if queued_at > 0 {
            self.tell(|recorder| recorder.ran(worker, Duration::from_nanos(ran)));
        }
    }

    fn tell(&self, what: impl FnOnce(&dyn Recorder)) {
        if let Some(recorder) = &self.recorder {
            swallow(contain(|| what(&**recorder)));
        }
    }

    /// The time that a worker has spent in jobs, and since when it is in one.
    pub(super) fn read(&self, clock: &Clock) -> (Duration, Option<Instant>) {
        let since = clock.since.load(Relaxed);
        let busy = Duration::from_nanos(clock.busy.load(Relaxed));
        if !self.timing {
            return (Duration::ZERO, None);
        }
        if since == 0 {
            return (busy, None);
        }
        let running = Duration::from_nanos(self.now().saturating_sub(since));
        let since = self.epoch.checked_add(Duration::from_nanos(since));
        (busy + running, since)
    }
}

/// One worker's times, written by it alone. Relaxed: they order nothing.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Nanoseconds in jobs that have ended.
    busy: AtomicU64,
    /// When the outermost job began, in nanoseconds since the pool did; 0: none.
    since: AtomicU64,
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("timing", &self.timing)
            .field("one_in", &self.one_in)
            .finish_non_exhaustive()
    }
}
