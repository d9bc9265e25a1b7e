//! How those who sleep are called: for work, for an end, for a change of the pool.

use wt_sync::sync::{Arc, MutexGuard};

use super::queue::Queue;
use super::state::State;
use super::worker::Worker;

impl Queue {
    /// Unlocks, and wakes or starts a worker if there is work and nobody searches.
    #[inline]
    pub(super) fn unlock_and_call(self: &Arc<Self>, state: MutexGuard<'_, State>) {
        if (state.sleepers.can_call() || state.wants_worker()) && state.has_work() {
            self.call_searcher(state);
        }
    }

    #[cold]
    fn call_searcher(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if let Some(index) = state.sleepers.call_searcher() {
            let called = state.seats[index].worker.clone();
            // The alarm rings after the unlock, or the first thing the woken thread met would be
            // the lock.
            drop(state);
            if let Some(worker) = called {
                worker.alarm.notify_one();
            }
        } else if !self.is_closing() {
            self.grow(state);
        }
    }

    /// Unlocks, and makes this worker look again, if it sleeps.
    pub(super) fn unlock_and_wake(&self, mut state: MutexGuard<'_, State>, index: usize) {
        let sleeps = state.sleepers.call(index);
        let worker = sleeps.then(|| state.seats[index].worker.clone()).flatten();
        drop(state);
        if let Some(worker) = worker {
            worker.alarm.notify_one();
        }
    }

    /// Makes this worker look again, if it sleeps.
    pub(super) fn wake(&self, index: usize) {
        self.unlock_and_wake(self.lock(), index);
    }

    /// Makes everybody who waits look again.
    pub(super) fn rouse_all(&self) {
        let mut state = self.lock();
        self.bell.0.ring();
        let workers: Vec<Arc<Worker>> = state.living().map(Arc::clone).collect();
        for worker in &workers {
            state.sleepers.call(worker.index);
        }
        let tasks = self.call_all_for_room(&mut state);
        self.quiet.notify_all();
        drop(state);
        for worker in workers {
            worker.alarm.notify_one();
        }
        tasks.wake();
    }
}
