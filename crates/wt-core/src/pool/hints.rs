//! What a thread may know of the queue without its lock.

use wt_sync::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};

use super::queue::Queue;
use super::state::State;

/// Copies of what is under the lock, for those who do not hold it. Written under
/// the lock, and most of them seldom, so that they stay in everybody's cache.
///
/// A hint decides only whether it is worth to take the lock, and where being late
/// would matter, the order is kept by more than the hint:
///
/// - `blocked` pairs a submitter, who stores it and then looks for room, with a
///   worker, who makes room and then loads it. Between the two steps both lock the
///   worker's share, so one of them sees what the other did. The model
///   `a_job_that_is_begun_out_of_a_share_makes_room` is this.
/// - `urgent` may be seen late by the jobs that are begun meanwhile.
/// - `hungry` and `depth` only save time, and nobody reads what they are about
///   without the lock.
#[derive(Default)]
pub(super) struct Hints {
    /// How many threads and tasks wait for room and have not been told of any.
    blocked: AtomicUsize,
    /// [`State::urgent`].
    urgent: AtomicUsize,
    /// Somebody is idle, and nothing is queued.
    hungry: AtomicBool,
    /// How many jobs waited when a worker last came.
    depth: AtomicUsize,
}

/// Keeps what one thread polls away from what another writes: on x86-64, two
/// lines are fetched together.
#[repr(align(128))]
pub(super) struct Apart<T>(pub(super) T);

impl Queue {
    /// Whether a thread or a task waits to be told of room.
    pub(super) fn has_blocked_submitters(&self) -> bool {
        self.hints.0.blocked.load(SeqCst) > 0
    }

    /// Those who have been told already do not count: workers need not come for them.
    pub(super) fn note_blocked(&self, state: &State) {
        let threads = if state.room_offered { 0 } else { state.blocked };
        let blocked = threads + state.tasks.untold();
        if self.hints.0.blocked.load(SeqCst) != blocked {
            self.hints.0.blocked.store(blocked, SeqCst);
        }
    }

    /// Whether a job waits that goes before what workers have in their shares.
    pub(super) fn has_urgent(&self) -> bool {
        self.hints.0.urgent.load(SeqCst) > 0
    }

    /// Whether an idle worker asks for work that nobody has queued yet.
    #[inline]
    pub(super) fn is_hungry(&self) -> bool {
        self.hints.0.hungry.load(SeqCst)
    }

    #[inline]
    pub(super) fn note_hunger(&self, hungry: bool) {
        if self.is_hungry() != hungry {
            self.hints.0.hungry.store(hungry, SeqCst);
        }
    }

    pub(super) fn note_urgent(&self, state: &State) {
        let urgent = state.urgent();
        if self.hints.0.urgent.load(SeqCst) != urgent {
            self.hints.0.urgent.store(urgent, SeqCst);
        }
    }

    /// How many jobs waited when a worker last came.
    pub(super) fn depth(&self) -> usize {
        self.hints.0.depth.load(Relaxed)
    }

    pub(super) fn note_depth(&self, state: &State) {
        let depth = usize::try_from(state.counts.queued()).unwrap_or(usize::MAX);
        self.hints.0.depth.store(depth, Relaxed);
    }
}
