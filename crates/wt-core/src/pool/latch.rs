//! A latch: opens when a count reaches zero, and lets its one waiter through.
//!
//! Every wait of the pool ends here: a join handle waits for one job, a scope
//! for all of its jobs. The waiter is a thread that sleeps, a worker that runs
//! other jobs meanwhile, or an async task. The idea of a latch that knows how to
//! wake each kind is rayon-core's.
//!
//! Lock order: a queue's lock may be held when a latch is locked, never the
//! other way round. That is why [`Latch::count_down`] wakes after it unlocks.

use std::mem;
use std::task::Waker;

use wt_sync::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_sync::time::Instant;

use super::job::{contain, swallow};
use super::queue::Queue;
use super::worker;

pub(super) struct Latch {
    state: Mutex<State>,
    opened: Condvar,
}

struct State {
    pending: usize,
    /// One slot is enough: only the owner of a handle or scope waits.
    waiter: Waiter,
}

enum Waiter {
    Nobody,
    Thread,
    /// A worker that sleeps on the `work` signal of its own queue.
    Worker(Arc<Queue>),
    Task(Waker),
}

impl Latch {
    pub(super) fn new(pending: usize) -> Self {
        Self {
            state: Mutex::new(State {
                pending,
                waiter: Waiter::Nobody,
            }),
            opened: Condvar::new(),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.lock().pending == 0
    }

    /// Asks for one more `count_down` before the latch opens.
    pub(super) fn count_up(&self) {
        self.lock().pending += 1;
    }

    /// Opens the latch if this was the last count, and wakes the waiter.
    ///
    /// The caller keeps the latch alive: once it is open, the waiter may drop
    /// its own reference at any time.
    pub(super) fn count_down(&self) {
        let waiter = {
            let mut state = self.lock();
            state.pending -= 1;
            if state.pending > 0 {
                return;
            }
            mem::replace(&mut state.waiter, Waiter::Nobody)
        };
        match waiter {
            Waiter::Nobody => {}
            Waiter::Thread => self.opened.notify_all(),
            Waiter::Worker(queue) => queue.wake_workers(),
            // A waker is foreign code: its panic must not end a worker.
            Waiter::Task(waker) => swallow(contain(|| waker.wake())),
        }
    }

    /// Blocks until the latch is open. A worker of any pool runs queued jobs of
    /// that pool meanwhile.
    pub(super) fn wait(&self) {
        let Some(queue) = worker::current() else {
            self.wait_until(None);
            return;
        };
        // A waker left by an earlier poll is foreign code as well, so it is
        // dropped here rather than under the locks below.
        let stale = mem::replace(&mut self.lock().waiter, Waiter::Nobody);
        drop(stale);
        while let Some(entry) = queue.next_unless(|| self.is_open_or_tell(&queue)) {
            queue.run(entry);
        }
    }

    /// Sleeps until the latch is open or the deadline has passed. Returns
    /// whether it is open.
    pub(super) fn wait_until(&self, deadline: Option<Instant>) -> bool {
        // Declared before the guard, so a replaced waker is dropped unlocked.
        let mut _stale = Waiter::Nobody;
        let mut state = self.lock();
        if state.pending > 0 {
            _stale = mem::replace(&mut state.waiter, Waiter::Thread);
        }
        while state.pending > 0 {
            let Some(deadline) = deadline else {
                state = self.opened.wait(state).expect(UNPOISONED);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            (state, _) = self.opened.wait_timeout(state, left).expect(UNPOISONED);
        }
        true
    }

    /// Returns whether the latch is open; if not, `waker` is woken when it is.
    pub(super) fn poll(&self, waker: &Waker) -> bool {
        let mut _stale = Waiter::Task(waker.clone());
        let mut state = self.lock();
        if state.pending > 0 {
            mem::swap(&mut state.waiter, &mut _stale);
        }
        state.pending == 0
    }

    /// Called under the lock of `queue`, so the wake-up of `count_down`, which
    /// takes that lock, cannot come between this and the worker's sleep.
    fn is_open_or_tell(&self, queue: &Arc<Queue>) -> bool {
        let mut state = self.lock();
        if state.pending > 0 {
            state.waiter = Waiter::Worker(Arc::clone(queue));
        }
        state.pending == 0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }
}

const UNPOISONED: &str = "no foreign code runs under a latch's lock";
