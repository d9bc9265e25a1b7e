//! What a worker thread does, and how code finds out that it runs on one.
//!
//! A worker takes a share of the queue at once and keeps it in a buffer of its
//! own, behind a lock that nobody else wants in the usual case. Others may take
//! from that buffer, so a long job does not trap the ones behind it.

use std::cell::RefCell;
use std::collections::VecDeque;

use wt_sync::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use wt_sync::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_sync::thread_local;

use super::count::{Count, Counts, Ends};
use super::error::JobError;
use super::fork;
use super::job::{Claim, Job};
use super::queue::Queue;
use super::watch::Clock;

thread_local! {
    /// The queue this thread works for, and its place there. Set once, by `work`.
    static CURRENT: RefCell<Option<(Arc<Queue>, Arc<Worker>)>> = const { RefCell::new(None) };
    /// Its address names the thread.
    static HERE: u8 = const { 0 };
}

/// One worker, as the others see it.
pub(super) struct Worker {
    pub(super) index: usize,
    local: Mutex<Local>,
    /// The length of the share, for others to see without its lock. Relaxed: it
    /// grows only under the lock of the queue, where the others read it, so none
    /// sees too small a number; too large a one costs a look.
    backlog: AtomicUsize,
    /// See [`has_emptied`](Self::has_emptied). Relaxed: only this worker uses it.
    emptied: AtomicBool,
    pub(super) ends: Ends,
    pub(super) clock: Clock,
    /// Where it sleeps, with the lock of the queue.
    pub(super) alarm: Condvar,
}

/// Locked after the queue, if both are.
pub(super) struct Local {
    /// Jobs it took and has not begun, oldest first.
    pub(super) share: VecDeque<Job>,
    /// What the queue has not added up yet.
    pub(super) counts: Counts,
    /// Jobs begun, ever.
    pub(super) taken: u64,
}

impl Worker {
    pub(super) fn new(index: usize) -> Self {
        Self {
            index,
            local: Mutex::new(Local {
                share: VecDeque::new(),
                counts: Counts::default(),
                taken: 0,
            }),
            backlog: AtomicUsize::new(0),
            emptied: AtomicBool::new(false),
            ends: Ends::default(),
            clock: Clock::default(),
            alarm: Condvar::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Local> {
        self.local
            .lock()
            .expect("no foreign code runs under a worker's lock")
    }

    pub(super) fn backlog(&self) -> usize {
        self.backlog.load(Relaxed)
    }

    pub(super) fn note_backlog(&self, local: &Local) {
        self.backlog.store(local.share.len(), Relaxed);
    }

    /// Whether it took several jobs at its last visit, and left none.
    pub(super) fn has_emptied(&self) -> bool {
        self.emptied.load(Relaxed)
    }

    pub(super) fn note_share(&self, took: usize, left: usize) {
        self.emptied.store(took > 1 && left == 0, Relaxed);
    }

    /// Jobs begun and not ended.
    pub(super) fn running(&self) -> u64 {
        let ended = self.ends.total();
        self.lock().taken.saturating_sub(ended)
    }

    /// Takes the next job out of the share, begun.
    fn next(&self) -> Option<Job> {
        let mut local = self.lock();
        loop {
            let job = local.share.pop_front()?;
            self.note_backlog(&local);
            let answer = job.claim();
            local.counts.take_out(answer);
            if answer == Claim::Granted {
                local.taken += 1;
                return Some(job);
            }
            drop(local);
            dispose(job, answer);
            local = self.lock();
        }
    }
}

/// Ends a job that is not to be run, and tells its handle why. Foreign code: no
/// lock is held.
pub(super) fn dispose(job: Job, answer: Claim) {
    match answer {
        Claim::Granted => job.refuse(JobError::Discarded),
        Claim::Expired => job.refuse(JobError::Expired),
        Claim::Cancelled => job.refuse(JobError::Cancelled),
        Claim::Gone => job.abandon(),
    }
}

/// Notes who the calling thread is.
pub(super) fn enter(queue: &Arc<Queue>, me: &Arc<Worker>) {
    fork::settle_here(queue);
    let place = (Arc::clone(queue), Arc::clone(me));
    CURRENT.with(|current| *current.borrow_mut() = Some(place));
}

/// Runs jobs until the queue has no more for this worker, ever.
pub(super) fn work(queue: &Arc<Queue>, me: &Worker) {
    while let Some(job) = next(queue, me) {
        run(queue, me, job);
    }
}

#[inline]
pub(super) fn run(queue: &Queue, me: &Worker, job: Job) {
    if queue.watch.is_off() {
        job.run(Count::Worker(me));
    } else {
        let queued_at = job.queued_at;
        queue.watch.time(me.index, &me.clock, queued_at, || {
            job.run(Count::Worker(me))
        });
    }
}

fn next(queue: &Arc<Queue>, me: &Worker) -> Option<Job> {
    let job = if queue.has_urgent() {
        // What is in the share has to wait.
        None
    } else {
        me.next()
    };
    if queue.has_blocked_submitters() {
        queue.offer_room(me);
    }
    if job.is_some() {
        return job;
    }
    queue.next(me)
}

/// The queue that the calling thread works for, and its place there.
pub(super) fn current() -> Option<(Arc<Queue>, Arc<Worker>)> {
    // `try_with`: a destructor of another thread-local value may call this late.
    CURRENT
        .try_with(|current| current.borrow().clone())
        .ok()
        .flatten()
}

/// Whether the calling thread is a worker of `queue`.
pub(super) fn is_current(queue: &Queue) -> bool {
    is(|own, _| std::ptr::eq(own, queue))
}

/// Whether the calling thread is this worker.
pub(super) fn is_current_worker(worker: &Worker) -> bool {
    is(|_, own| std::ptr::eq(own, worker))
}

fn is(predicate: impl FnOnce(&Queue, &Worker) -> bool) -> bool {
    CURRENT
        .try_with(|current| {
            let current = current.borrow();
            let current = current.as_ref();
            current.is_some_and(|(queue, worker)| predicate(queue, worker))
        })
        .unwrap_or(false)
}

/// A number that no other living thread has, and never 0.
pub(super) fn this_thread() -> usize {
    HERE.with(|here| &raw const *here as usize)
}
