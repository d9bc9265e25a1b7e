//! What a thread does before it sleeps: it looks again for a while.
//!
//! Waking a thread costs its waker a system call and the sleeper some
//! microseconds, or fifty once its core has halted. A thread that still looks is
//! there at once. Looking costs a core, so it is bounded, at most one idle worker
//! of a pool does it, and it yields to whoever wants the core.

use std::hint;

use wt_sync::thread;
use wt_sync::time::{Duration, Instant};

/// What an idle worker does, set by [`Builder::idle`](super::Builder::idle).
/// The same time is spent by a thread that waits for a job, before it sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Idle {
    /// Looks for a few microseconds, then sleeps. For pools that share their
    /// cores, or wait for long.
    Park,
    /// Looks for this long, then sleeps. [`Duration::MAX`] never sleeps, and
    /// keeps one core busy for as long as the pool lives.
    Spin(Duration),
    /// Looks for as long as the last pauses lasted, up to [`Idle::LONGEST`];
    /// if they were longer, as [`Park`](Self::Park).
    #[default]
    Adaptive,
}

impl Idle {
    /// The longest that an [`Adaptive`](Self::Adaptive) pool looks before it
    /// sleeps.
    pub const LONGEST: Duration = Duration::from_micros(200);

    /// What [`Park`](Self::Park) spends, less than it costs to sleep and wake.
    const BRIEF: Duration = Duration::from_micros(5);

    /// How long to look after pauses of about `pause`.
    pub(super) fn patience(self, pause: Duration) -> Duration {
        match self {
            Self::Park => Self::BRIEF,
            Self::Spin(time) => time,
            Self::Adaptive if pause > Self::LONGEST => Self::BRIEF,
            Self::Adaptive => (2 * pause).clamp(Self::BRIEF, Self::LONGEST),
        }
    }

    /// How long a thread outside the pool looks for the end of its job.
    pub(super) fn patience_outside(self) -> Duration {
        self.patience(Self::LONGEST / 10)
    }
}

/// The usual length of an idle worker's pauses: an average in which the last
/// pause weighs an eighth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pause(Duration);

impl Pause {
    pub(super) fn new() -> Self {
        // Begin with patience: the first jobs of a pool often follow each other.
        Self(Idle::LONGEST / 10)
    }

    pub(super) fn usual(self) -> Duration {
        self.0
    }

    pub(super) fn learn(&mut self, pause: Duration) {
        // One long night does not make the morning sleepy.
        let pause = pause.min(4 * Idle::LONGEST);
        self.0 = (self.0 * 7 + pause) / 8;
    }
}

/// About a microsecond, in which a thread on another core gets something done.
pub(super) fn pause() {
    const HINTS: u32 = 32;
    (0..HINTS).for_each(|_| hint::spin_loop());
}

/// Looks until `ready` says so or the time is over. Returns what `ready` said.
pub(super) fn spin(patience: Duration, ready: impl Fn() -> bool) -> bool {
    /// Some looks are cheap; a look at the clock, or at other threads, is not.
    const LOOKS: usize = 8;

    let start = Instant::now();
    loop {
        for _ in 0..LOOKS {
            if ready() {
                return true;
            }
            hint::spin_loop();
        }
        if start.elapsed() >= patience {
            return ready();
        }
        thread::yield_now();
    }
}
