//! The queue that submitters fill and workers empty, with all counters.
//!
//! One mutex guards everything, so a snapshot of the counters is always
//! consistent. No foreign code runs under it: jobs run, and closures, results
//! and wakers are dropped, after it is released.
//!
//! Ids grow in queue order, which makes any queued job easy to find: `cancel`
//! and a joining worker take theirs out by binary search.

use std::collections::VecDeque;

use wt_sync::sync::{Arc, Condvar, Mutex, MutexGuard};

use super::job::{Job, contain, swallow};
use super::policy::RejectionPolicy;
use super::stats::Stats;
use super::worker;

pub(super) struct Queue {
    state: Mutex<State>,
    /// Signalled for each queued job, and to all when something other than a
    /// job may end a wait.
    work: Condvar,
    /// Signalled for each slot that becomes free.
    room: Condvar,
    pub(super) capacity: usize,
    pub(super) policy: RejectionPolicy,
}

struct State {
    jobs: VecDeque<Entry>,
    next_id: u64,
    closing: bool,
    /// Threads asleep on `work`. Nobody to wake means no system call.
    idle: usize,
    /// Threads asleep on `room`.
    blocked: usize,
    /// `queued` is left at 0: it is the length of `jobs`.
    counts: Stats,
}

/// A job with its place in the queue.
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) job: Arc<dyn Job>,
}

/// How far a submitter goes to have its job accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// Take it or leave it, at once.
    Try,
    /// Follow the rejection policy.
    Policy,
    /// A scope must not lose a job: it is queued or run here, always.
    Scope,
}

/// What became of an offered job.
pub(super) enum Offer {
    Queued(u64),
    /// Queued, and this older job left the queue for it.
    Displaced(u64, Entry),
    /// Accepted, and counted as running: the caller runs it now.
    RunHere(Entry),
    Full,
    ShutDown,
}

impl Queue {
    pub(super) fn new(workers: usize, capacity: usize, policy: RejectionPolicy) -> Self {
        Self {
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                next_id: 0,
                closing: false,
                idle: 0,
                blocked: 0,
                counts: Stats {
                    workers,
                    ..Stats::default()
                },
            }),
            work: Condvar::new(),
            room: Condvar::new(),
            capacity,
            policy,
        }
    }

    /// Offers a job. Sleeps only if there is no room, the policy is to wait and
    /// the caller is not a worker of this queue; until room or closing.
    pub(super) fn offer(&self, job: Arc<dyn Job>, effort: Effort) -> Offer {
        let mut state = self.lock();
        loop {
            if state.closing {
                return match effort {
                    Effort::Scope => Offer::RunHere(state.begin_here(job)),
                    Effort::Try | Effort::Policy => Offer::ShutDown,
                };
            }
            if state.jobs.len() < self.capacity {
                return Offer::Queued(self.push(&mut state, job));
            }
            match (effort, self.policy) {
                (Effort::Try, _) | (Effort::Policy, RejectionPolicy::Reject) => return Offer::Full,
                (Effort::Policy, RejectionPolicy::DiscardOldest) => {
                    let Some(oldest) = state.discard_oldest() else {
                        return Offer::Full;
                    };
                    return Offer::Displaced(self.push(&mut state, job), oldest);
                }
                (_, RejectionPolicy::CallerRuns) => return Offer::RunHere(state.begin_here(job)),
                // The worker may be the only one who could make room. It runs its own new
                // job rather than an older one, so the stack grows no deeper than the jobs nest.
                _ if worker::is_current(self) => return Offer::RunHere(state.begin_here(job)),
                _ => {
                    state.blocked += 1;
                    state = self.room.wait(state).expect(UNPOISONED);
                    state.blocked -= 1;
                }
            }
        }
    }

    /// The next job for an idle worker, oldest first. Blocks until there is one;
    /// `None` once the queue is closed and empty.
    pub(super) fn next(&self) -> Option<Entry> {
        let mut state = self.lock();
        loop {
            if let Some(entry) = state.jobs.pop_front() {
                self.begin(&mut state);
                return Some(entry);
            }
            if state.closing {
                return None;
            }
            state = self.sleep(state);
        }
    }

    /// A job for a worker that waits for something else, newest first, because
    /// the newest is most likely what it waits for. Blocks until there is one;
    /// `None` as soon as `done` says so. `done` is called under the lock.
    pub(super) fn next_unless(&self, mut done: impl FnMut() -> bool) -> Option<Entry> {
        let mut state = self.lock();
        loop {
            if done() {
                // If `work` was signalled for a job and woke this thread instead of an idle one, the
                // job is not forgotten: what made `done` true calls `wake_workers`.
                return None;
            }
            if let Some(entry) = state.jobs.pop_back() {
                self.begin(&mut state);
                return Some(entry);
            }
            state = self.sleep(state);
        }
    }

    /// Takes one queued job in order to run it. `None` if it has begun.
    pub(super) fn begin_queued(&self, id: u64) -> Option<Entry> {
        let mut state = self.lock();
        let entry = state.remove(id)?;
        self.begin(&mut state);
        Some(entry)
    }

    /// Takes one queued job in order to cancel it. `None` if it has begun.
    pub(super) fn cancel_queued(&self, id: u64) -> Option<Entry> {
        let mut state = self.lock();
        let entry = state.remove(id)?;
        state.counts.cancelled += 1;
        self.signal_room(&state);
        Some(entry)
    }

    /// Runs a job that is already counted as running.
    pub(super) fn run(&self, entry: Entry) {
        let Entry { job, .. } = entry;
        let scope = job.scope().cloned();
        let returned = worker::on_stack(&job, || job.execute());
        self.end(returned);
        job.announce();
        // If the handle is gone, the result is dropped here, and before the scope hears of the
        // end: a result may borrow from the scope.
        let panic = contain(|| drop(job));
        match scope {
            Some(scope) => scope.end(panic),
            None => swallow(panic),
        }
    }

    /// Refuses new jobs from now on. Workers leave when the queue is empty.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// Closes, and takes out every job that no scope waits for.
    pub(super) fn close_now(&self) -> Vec<Entry> {
        let mut state = self.lock();
        state.closing = true;
        let (kept, dropped) = state
            .jobs
            .drain(..)
            .partition(|entry| entry.job.scope().is_some());
        state.jobs = kept;
        let dropped: VecDeque<Entry> = dropped;
        state.counts.discarded += dropped.len() as u64;
        drop(state);
        self.work.notify_all();
        self.room.notify_all();
        dropped.into()
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.lock();
        Stats {
            queued: state.jobs.len() as u64,
            ..state.counts
        }
    }

    /// Makes every sleeping worker look again. The lock is taken so that a
    /// worker between its look and its sleep is not missed.
    pub(super) fn wake_workers(&self) {
        drop(self.lock());
        self.work.notify_all();
    }

    /// A worker thread has ended.
    pub(super) fn leave(&self) {
        self.lock().counts.workers -= 1;
    }

    fn push(&self, state: &mut State, job: Arc<dyn Job>) -> u64 {
        let entry = state.accept(job);
        let id = entry.id;
        state.jobs.push_back(entry);
        if state.idle > 0 {
            self.work.notify_one();
        }
        id
    }

    fn begin(&self, state: &mut State) {
        state.counts.running += 1;
        self.signal_room(state);
    }

    fn end(&self, returned: bool) {
        let mut state = self.lock();
        state.counts.running -= 1;
        if returned {
            state.counts.done += 1;
        } else {
            state.counts.failed += 1;
        }
    }

    fn signal_room(&self, state: &State) {
        if state.blocked > 0 {
            self.room.notify_one();
        }
    }

    fn sleep<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.idle += 1;
        state = self.work.wait(state).expect(UNPOISONED);
        state.idle -= 1;
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }
}

impl State {
    fn accept(&mut self, job: Arc<dyn Job>) -> Entry {
        self.counts.submitted += 1;
        let id = self.next_id;
        self.next_id += 1;
        Entry { id, job }
    }

    fn begin_here(&mut self, job: Arc<dyn Job>) -> Entry {
        self.counts.running += 1;
        self.accept(job)
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let place = self.jobs.binary_search_by_key(&id, |entry| entry.id).ok()?;
        self.jobs.remove(place)
    }

    fn discard_oldest(&mut self) -> Option<Entry> {
        let place = self
            .jobs
            .iter()
            .position(|entry| entry.job.scope().is_none())?;
        self.counts.discarded += 1;
        self.jobs.remove(place)
    }
}

const UNPOISONED: &str = "no foreign code runs under the queue's lock";
