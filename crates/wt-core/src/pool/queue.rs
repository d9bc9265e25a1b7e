//! The queue that submitters fill and workers empty.
//!
//! ```text
//!              one lock                 a lock per worker
//! submit ──> [ j9 j8 j7 j6 ] ──share──> worker 0 [ j3 j2 ] ──> runs j1
//!                                       worker 1 [ j5 ]    ──> runs j4
//!                                         └──── steals from 0 when it has none
//! ```
//!
//! The lock is held for as long as it takes to put a job into its slot, or to
//! move a worker's share out. A worker comes here once per share, so a busy
//! worker and a busy submitter seldom meet. This file is the side of the
//! submitters; `visit.rs` is that of the workers.
//!
//! Lock order: the queue, then workers. No foreign code runs under any of them:
//! jobs run, and closures, results and wakers are dropped, after the unlock.

use std::collections::VecDeque;
use std::panic::{RefUnwindSafe, UnwindSafe};

use wt_sync::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use wt_sync::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_sync::time::Instant;

use super::crew::{Crew, Plan};
use super::idle::{self, Idle};
use super::job::{Claim, Job};
use super::options::Priority;
use super::policy::RejectionPolicy;
use super::sleepers::Bell;
use super::state::{State, Wanted, Waste};
use super::strategy::Place;
use super::watch::Watch;
use super::worker::{self, Worker, dispose};

pub(super) struct Queue {
    state: Mutex<State>,
    /// Signalled for room, see [`State::room_offered`].
    room: Condvar,
    /// Signalled when a worker has ended.
    pub(super) ended: Condvar,
    pub(super) bell: Apart<Bell>,
    pub(super) hints: Apart<Hints>,
    closing: AtomicBool,
    pub(super) policy: RejectionPolicy,
    pub(super) idle: Idle,
    pub(super) watch: Watch,
    pub(super) crew: Crew,
}

// Hooks, recorders and states of workers are called outside all locks, and what they leave broken
// in a panic is their own.
impl UnwindSafe for Queue {}
impl RefUnwindSafe for Queue {}

/// Copies of what is under the lock, for those who do not hold it. Written under
/// the lock, and most of them seldom, so that they stay in everybody's cache.
#[derive(Default)]
pub(super) struct Hints {
    /// [`State::blocked`].
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
    Queued,
    /// Accepted, and counted as begun or refused: the caller sees to it.
    RunHere(Job, Claim),
    Full(Job),
    ShutDown(Job),
}

impl Queue {
    pub(super) fn new(
        plan: Plan,
        policy: RejectionPolicy,
        idle: Idle,
        watch: Watch,
        crew: Crew,
    ) -> Self {
        // Who discards the oldest must find it in the queue, not in a worker's buffer.
        let shares = policy != RejectionPolicy::DiscardOldest;
        Self {
            state: Mutex::new(State::new(plan, shares)),
            room: Condvar::new(),
            ended: Condvar::new(),
            bell: Apart(Bell::new()),
            hints: Apart(Hints::default()),
            closing: AtomicBool::new(false),
            policy,
            idle,
            watch,
            crew,
        }
    }

    /// Offers a job. Sleeps only if there is no room, the policy is to wait and
    /// the caller is not a worker of this queue; until room or closing.
    #[inline]
    pub(super) fn offer(self: &Arc<Self>, job: Job, place: Place, effort: Effort) -> Offer {
        let mut state = self.lock();
        if !self.is_closing() && state.has_room() {
            // Inlined into each `submit`, so the closure is written into its slot and nowhere else.
            self.push(state, job, place);
            return Offer::Queued;
        }
        self.offer_in_vain(state, job, place, effort)
    }

    /// The rest of `offer`, while there is no room.
    #[cold]
    fn offer_in_vain<'a>(
        self: &'a Arc<Self>,
        mut state: MutexGuard<'a, State>,
        job: Job,
        place: Place,
        effort: Effort,
    ) -> Offer {
        let mut waste = Waste::new();
        loop {
            if self.is_closing() {
                return match effort {
                    Effort::Scope => run_here(&mut state, job),
                    Effort::Try | Effort::Policy => Offer::ShutDown(job),
                };
            }
            if state.has_room() {
                break;
            }
            match (effort, self.policy) {
                (Effort::Try, _) | (Effort::Policy, RejectionPolicy::Reject) => {
                    return Offer::Full(job);
                }
                (Effort::Policy, RejectionPolicy::DiscardOldest) => {
                    if !state.discard_oldest(&mut waste) {
                        return Offer::Full(job);
                    }
                }
                (_, RejectionPolicy::CallerRuns) => return run_here(&mut state, job),
                // The worker may be the only one who could make room. It runs its own new
                // job rather than an older one, so the stack grows no deeper than the jobs nest.
                _ if worker::is_current(self) => return run_here(&mut state, job),
                _ => state = self.wait_for_room(state),
            }
        }
        self.push(state, job, place);
        dispose_all(&mut waste);
        Offer::Queued
    }

    /// Queues jobs from the front of `jobs`, under one lock, while there is room.
    pub(super) fn offer_many(self: &Arc<Self>, jobs: &mut VecDeque<Job>, place: Place) {
        let mut state = self.lock();
        while !self.is_closing() && state.has_room() {
            let Some(job) = jobs.pop_front() else { break };
            let wanted = self.push_only(&mut state, job, place);
            if let Wanted::Worker(index) = wanted {
                self.unlock_and_wake(state, index);
                state = self.lock();
            }
        }
        self.unlock_and_call(state);
    }

    /// Queues a job that there is room for, and sees to it that somebody comes.
    #[inline]
    fn push(self: &Arc<Self>, mut state: MutexGuard<'_, State>, job: Job, place: Place) {
        let wanted = self.push_only(&mut state, job, place);
        if state.blocked > 0 {
            self.signal_room(&mut state);
        }
        match wanted {
            Wanted::Anybody => self.unlock_and_call(state),
            Wanted::Worker(index) => self.unlock_and_wake(state, index),
        }
    }

    #[inline]
    fn push_only(&self, state: &mut State, mut job: Job, place: Place) -> Wanted {
        job.queued_at = self.watch.stamp(state.counts.submitted);
        let wanted = state.push(job, place);
        if place == Place::Shared(Priority::High) {
            self.note_urgent(state);
        }
        self.bell.0.ring();
        self.note_hunger(false);
        wanted
    }

    /// Sleeps until there is room or the queue is closed; may return early.
    fn wait_for_room<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        // Usually the workers are about to make room. If they make much of it, the submitter and
        // the workers each go on for a while, instead of taking turns at every job.
        let much = usize::try_from(state.plan.capacity / 2).unwrap_or(usize::MAX);
        drop(state);
        idle::spin(self.idle.patience_outside(), || {
            self.hints.0.depth.load(SeqCst) <= much
        });
        state = self.lock();
        if state.has_room() || self.is_closing() {
            return state;
        }
        state.blocked += 1;
        self.hints.0.blocked.store(state.blocked, SeqCst);
        // A worker that begins a job after this sees the hint. What was begun before is seen here.
        while !state.has_room() && !self.is_closing() {
            state = self.room.wait(state).expect(UNPOISONED);
            state.room_offered = false;
        }
        state.blocked -= 1;
        self.hints.0.blocked.store(state.blocked, SeqCst);
        state
    }

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
    fn unlock_and_wake(&self, mut state: MutexGuard<'_, State>, index: usize) {
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
        drop(state);
        for worker in workers {
            worker.alarm.notify_one();
        }
        self.room.notify_all();
    }

    /// Counts a job that a handle claimed.
    pub(super) fn claimed(&self, answer: Claim) {
        let mut state = self.lock();
        let mut waste = state.forget_claimed(answer);
        self.signal_room(&mut state);
        drop(state);
        dispose_all(&mut waste);
    }

    /// Counts the end of a job that no worker ran.
    pub(super) fn end(&self, returned: bool) {
        let mut state = self.lock();
        state.counts.end(returned);
        self.signal_room(&mut state);
    }

    /// Refuses new jobs from now on. Workers leave when the queue is empty.
    pub(super) fn close(&self) {
        self.close_locked(&self.lock());
        self.rouse_all();
    }

    /// Closes, and takes out every job that no scope waits for.
    pub(super) fn close_now(&self) -> Waste {
        let mut state = self.lock();
        self.close_locked(&state);
        let waste = state.discard_all();
        drop(state);
        self.rouse_all();
        waste
    }

    pub(super) fn close_locked(&self, _locked: &State) {
        self.closing.store(true, SeqCst);
    }

    /// Blocks until all workers have ended, or until the deadline. Returns how
    /// many have not.
    pub(super) fn wait_for_workers(&self, deadline: Option<Instant>) -> usize {
        let mut state = self.lock();
        loop {
            let living = state.living().count();
            if living == 0 {
                return 0;
            }
            let Some(deadline) = deadline else {
                state = self.ended.wait(state).expect(UNPOISONED);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return living;
            }
            (state, _) = self.ended.wait_timeout(state, left).expect(UNPOISONED);
        }
    }

    pub(super) fn has_blocked_submitters(&self) -> bool {
        self.hints.0.blocked.load(SeqCst) > 0
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

    pub(super) fn note_depth(&self, state: &State) {
        let depth = usize::try_from(state.counts.queued()).unwrap_or(usize::MAX);
        self.hints.0.depth.store(depth, SeqCst);
    }

    /// Lets a submitter in, if this worker has made room.
    pub(super) fn offer_room(&self, me: &Worker) {
        let mut state = self.lock();
        state.settle(&mut me.lock());
        self.signal_room(&mut state);
    }

    /// Wakes the submitters that wait, if there is room for all of them, or else
    /// one, which wakes the next if there is more room.
    pub(super) fn signal_room(&self, state: &mut State) {
        if state.blocked == 0 || state.room_offered || !state.has_room() {
            return;
        }
        state.room_offered = true;
        if state.room() >= state.blocked as u64 {
            self.room.notify_all();
        } else {
            self.room.notify_one();
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(SeqCst)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }
}

/// Ends jobs that are not to be run. No lock is held.
pub(super) fn dispose_all(waste: &mut Waste) {
    for (job, answer) in waste.drain(..) {
        dispose(job, answer);
    }
}

fn run_here(state: &mut State, job: Job) -> Offer {
    let answer = state.begin_here(&job);
    Offer::RunHere(job, answer)
}

pub(super) const UNPOISONED: &str = "no foreign code runs under the queue's lock";
