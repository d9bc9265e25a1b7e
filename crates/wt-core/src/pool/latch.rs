//! A latch: opens when a count reaches zero, and lets its one waiter through.
//!
//! Every wait of the pool ends here: a join handle waits for one job, a scope
//! for all of its jobs. The waiter is a thread that sleeps, a worker that runs
//! other jobs meanwhile, or an async task. The idea of a latch that knows how to
//! wake each kind is rayon-core's.
//!
//! Count and flag share one word, so the last `count_down` learns in one step
//! that it is the last and whether somebody sleeps. Whoever looks at an open
//! latch, or opens one that nobody waits for, takes no lock.
//!
//! Memory order: the last `count_down` publishes what its thread has written, the
//! result first of all; it pairs with the load in `is_open` and with the `fetch_or`
//! in `note`. These two steps on one word also decide who comes first: either
//! `count_down` sees that a waiter is noted, or `note` sees that the latch is open.
//!
//! Lock order: no lock is taken while the waiter's is held, and no foreign code
//! runs under it.

use std::task::Waker;

use wt_sync::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use wt_sync::sync::{Arc, Mutex};
use wt_sync::thread::{self, Thread};
use wt_sync::time::{Duration, Instant};

use super::idle;
use super::job::{contain, swallow};
use super::queue::Queue;
use super::worker;

pub(super) struct Latch {
    /// The count, times two; plus one once a waiter is noted.
    state: AtomicUsize,
    /// One slot is enough: only the owner of a handle or scope waits. It may be
    /// out of date, after a wait that ran out of time; a wake-up too many does
    /// no harm.
    waiter: Mutex<Option<Waiter>>,
}

const NOTED: usize = 1;
const ONE: usize = 2;

enum Waiter {
    Thread(Thread),
    /// A worker that sleeps among the others of its own pool.
    Worker(Arc<Queue>, usize),
    Task(Waker),
}

impl Latch {
    pub(super) fn new(pending: usize) -> Self {
        Self {
            state: AtomicUsize::new(pending * ONE),
            waiter: Mutex::new(None),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state.load(SeqCst) < ONE
    }

    /// Asks for one more `count_down` before the latch opens.
    pub(super) fn count_up(&self) {
        self.state.fetch_add(ONE, SeqCst);
    }

    /// Opens the latch if this was the last count, and wakes the waiter.
    ///
    /// The caller keeps the latch alive: once it is open, the waiter may drop
    /// its own reference at any time.
    pub(super) fn count_down(&self) {
        if self.state.fetch_sub(ONE, SeqCst) != ONE + NOTED {
            return;
        }
        let waiter = self.waiter.lock().expect(UNPOISONED).take();
        match waiter {
            None => {}
            Some(Waiter::Thread(thread)) => thread.unpark(),
            Some(Waiter::Worker(queue, index)) => queue.wake(index),
            // A waker is foreign code: its panic must not end a worker.
            Some(Waiter::Task(waker)) => swallow(contain(|| waker.wake())),
        }
    }

    /// Blocks until the latch is open. A worker of any pool runs queued jobs of
    /// that pool meanwhile.
    pub(super) fn wait(&self, patience: Duration) {
        if self.is_open() {
            return;
        }
        let Some((queue, me)) = worker::current() else {
            self.wait_until(patience, None);
            return;
        };
        if self.note(Waiter::Worker(Arc::clone(&queue), me.index)) {
            queue.help(&me, || self.is_open());
        }
    }

    /// Waits until the latch is open or the deadline has passed. Returns whether
    /// it is open.
    pub(super) fn wait_until(&self, patience: Duration, deadline: Option<Instant>) -> bool {
        let left = deadline.map_or(patience, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        idle::spin(patience.min(left), || self.is_open()) || self.sleep_until(deadline)
    }

    /// Returns whether the latch is open; if not, `waker` is woken when it is.
    pub(super) fn poll(&self, waker: &Waker) -> bool {
        self.is_open() || !self.note(Waiter::Task(waker.clone()))
    }

    fn sleep_until(&self, deadline: Option<Instant>) -> bool {
        if !self.note(Waiter::Thread(thread::current())) {
            return true;
        }
        while !self.is_open() {
            let Some(deadline) = deadline else {
                thread::park();
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.is_open();
            }
            thread::park_timeout(left);
        }
        true
    }

    /// Notes who is to be woken. Returns whether that wake-up will come; if not,
    /// the latch is open.
    fn note(&self, waiter: Waiter) -> bool {
        // The slot is filled before the flag is set, so `count_down` finds it filled.
        let stale = self.waiter.lock().expect(UNPOISONED).replace(waiter);
        // A waker that an earlier poll left is foreign code, dropped without the lock.
        drop(stale);
        self.state.fetch_or(NOTED, SeqCst) >= ONE
    }
}

const UNPOISONED: &str = "no foreign code runs under a latch's lock";
