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
//! submitters, `visit.rs` is that of the workers, and `call.rs` how they call each
//! other.
//!
//! Lock order: the queue, then workers. No foreign code runs under any of them:
//! jobs run, and closures, results and wakers are dropped, after the unlock.

use std::collections::VecDeque;
use std::panic::{RefUnwindSafe, UnwindSafe};

use wt_sync::sync::atomic::{AtomicBool, Ordering::SeqCst};
use wt_sync::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_sync::time::Instant;

use super::crew::{Crew, Plan};
use super::hints::{Apart, Hints};
use super::idle::Idle;
use super::job::{Claim, Job};
use super::options::Priority;
use super::policy::RejectionPolicy;
use super::sleepers::Bell;
use super::state::{State, Wanted};
use super::strategy::Place;
use super::waste::{Waste, dispose_all};
use super::watch::Watch;
use super::worker;

pub(super) struct Queue {
    state: Mutex<State>,
    /// Signalled for room, see [`State::room_offered`].
    pub(super) room: Condvar,
    /// Signalled when nothing is queued or running, see [`State::waiting_for_quiet`].
    pub(super) quiet: Condvar,
    /// Signalled when a worker has ended.
    pub(super) ended: Condvar,
    pub(super) bell: Apart<Bell>,
    pub(super) hints: Apart<Hints>,
    /// Written under the lock, so whoever reads it there knows; elsewhere it only
    /// saves a wait.
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
            quiet: Condvar::new(),
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
        // There may be more room, and only one thread was woken for it.
        let called = self.signal_room(&mut state);
        match wanted {
            Wanted::Anybody => self.unlock_and_call(state),
            Wanted::Worker(index) => self.unlock_and_wake(state, index),
        }
        called.wake();
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

    /// Counts a job that a handle claimed.
    pub(super) fn claimed(&self, answer: Claim) {
        let mut state = self.lock();
        let mut waste = state.forget_claimed(answer);
        let called = self.signal_room(&mut state);
        self.note_quiet(&mut state);
        drop(state);
        called.wake();
        dispose_all(&mut waste);
    }

    /// Counts the end of a job that no worker ran.
    pub(super) fn end(&self, returned: bool) {
        let mut state = self.lock();
        state.counts.end(returned);
        let called = self.signal_room(&mut state);
        self.note_quiet(&mut state);
        drop(state);
        called.wake();
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

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(SeqCst)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }
}

fn run_here(state: &mut State, job: Job) -> Offer {
    let answer = state.begin_here(&job);
    Offer::RunHere(job, answer)
}

pub(super) const UNPOISONED: &str = "no foreign code runs under the queue's lock";
