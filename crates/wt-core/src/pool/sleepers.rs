//! Who sleeps, who is looking for work, and who is to be woken.
//!
//! Waking is what costs most in a pool, and a missed wake-up is a hang. The rule
//! is that of Go's scheduler and of tokio:
//!
//! - At most one worker searches. Whoever brings work wakes nobody while one
//!   searches: it will find the work.
//! - A worker that takes work and leaves some behind calls the next sleeper.
//!   So one wake-up after another, as many workers rise as there are jobs.
//! - A searcher that gives up looks once more after it has said so.
//!
//! All of this is under the lock of the queue, so nothing can come between a
//! worker's last look and its sleep. The one exception is the [`Bell`].

use wt_sync::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::idle::Pause;

pub(super) struct Sleepers {
    /// By number; the last to fall asleep is the first to be called, because its
    /// cache is still warm.
    asleep: Vec<usize>,
    /// For each worker, why it was called and has not heard it yet.
    calls: Vec<Option<Call>>,
    /// A worker spins, or is on its way from a call to its first look. One that is
    /// being started is not the searcher: its hooks may take long.
    searching: bool,
    pub(super) pause: Pause,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    /// There is work somewhere: the worker is the searcher from now on.
    Search,
    /// Something that concerns this worker alone.
    Look,
}

impl Sleepers {
    pub(super) fn new() -> Self {
        Self {
            asleep: Vec::new(),
            calls: Vec::new(),
            searching: false,
            pause: Pause::new(),
        }
    }

    /// Whether nobody is coming although somebody could.
    pub(super) fn can_call(&self) -> bool {
        !self.searching && !self.asleep.is_empty()
    }

    /// Whether a worker sleeps or looks for work.
    pub(super) fn is_anybody_idle(&self) -> bool {
        self.searching || !self.asleep.is_empty()
    }

    /// Chooses a sleeper to search. The caller rings its alarm after unlocking.
    pub(super) fn call_searcher(&mut self) -> Option<usize> {
        if self.searching {
            return None;
        }
        let index = self.asleep.pop()?;
        self.calls[index] = Some(Call::Search);
        self.searching = true;
        Some(index)
    }

    /// Calls this worker, if it sleeps. The caller rings its alarm.
    pub(super) fn call(&mut self, index: usize) -> bool {
        let Some(place) = self.asleep.iter().rposition(|&other| other == index) else {
            return false;
        };
        self.asleep.remove(place);
        self.calls[index] = Some(Call::Look);
        true
    }

    /// Makes the caller the searcher, unless there is one.
    pub(super) fn begin_search(&mut self) -> bool {
        !std::mem::replace(&mut self.searching, true)
    }

    pub(super) fn end_search(&mut self) {
        self.searching = false;
    }

    pub(super) fn lie_down(&mut self, index: usize) {
        self.make_place(index);
        self.asleep.push(index);
    }

    /// Whether this worker was called. If it was to search, its search is over:
    /// it looks now, without letting go of the lock.
    pub(super) fn get_up(&mut self, index: usize) -> bool {
        let call = self.calls[index].take();
        if call == Some(Call::Search) {
            self.searching = false;
        }
        call.is_some()
    }

    pub(super) fn is_asleep(&self, index: usize) -> bool {
        self.asleep.contains(&index)
    }

    /// A worker has ended, or was never started.
    pub(super) fn forget(&mut self, index: usize) {
        self.make_place(index);
        self.asleep.retain(|&other| other != index);
        self.get_up(index);
    }

    pub(super) fn is_searching(&self) -> bool {
        self.searching
    }

    fn make_place(&mut self, index: usize) {
        if self.calls.len() <= index {
            self.calls.resize(index + 1, None);
        }
    }
}

/// Tells the one worker that spins, which holds no lock, that there is work.
///
/// It is written under the lock of the queue: rung by whoever brings work, and
/// silenced only by the searcher, after it found nothing. So while it is silent,
/// there is nothing to find. The load without the lock pairs with no store: whoever
/// sees the bell rung takes the lock next, and whoever does not looks again under it.
pub(super) struct Bell(AtomicBool);

impl Bell {
    pub(super) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    pub(super) fn is_rung(&self) -> bool {
        self.0.load(SeqCst)
    }

    pub(super) fn ring(&self) {
        // Written only when it changes, so that a busy queue does not take the line away from the
        // searcher's core with every job.
        if !self.is_rung() {
            self.0.store(true, SeqCst);
        }
    }

    pub(super) fn silence(&self) {
        self.0.store(false, SeqCst);
    }
}
