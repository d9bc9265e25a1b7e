//! What a worker does at the queue: takes work, or rests until there is some.

use wt_sync::sync::{Arc, MutexGuard};
use wt_sync::time::Instant;

use super::idle;
use super::job::Job;
use super::queue::{Queue, UNPOISONED};
use super::state::State;
use super::waste::{Waste, dispose_all};
use super::worker::{self, Worker};

impl Queue {
    /// The next job for an idle worker, oldest first. Blocks until there is one;
    /// `None` if the worker is to leave.
    pub(super) fn next(self: &Arc<Self>, me: &Worker) -> Option<Job> {
        let mut waste = Waste::new();
        if me.has_emptied() {
            // Jobs come in a stream, and the workers are faster than who submits them. If they let
            // some more come together first, both sides take the lock less often.
            idle::pause();
        }
        let mut state = self.lock();
        loop {
            let job = state.take_oldest(me, &mut waste);
            if job.is_some() || !waste.is_empty() {
                self.leave_with(state, &mut waste);
                if job.is_some() {
                    return job;
                }
                state = self.lock();
            } else if self.is_closing() || state.is_dismissed(me) {
                return None;
            } else {
                let retired;
                (state, retired) = self.rest(state, me, true, || self.is_closing());
                if retired {
                    return None;
                }
            }
        }
    }

    /// Runs queued jobs on a worker that waits for something else, until `done`
    /// says so. Newest first, because the newest is most likely what it waits for.
    pub(super) fn help(self: &Arc<Self>, me: &Worker, done: impl Fn() -> bool) {
        let mut waste = Waste::new();
        let mut state = self.lock();
        loop {
            if done() {
                // If this worker was called for a job, another has to come instead.
                self.unlock_and_call(state);
                return;
            }
            let job = state.take_newest(me, &mut waste);
            if job.is_some() || !waste.is_empty() {
                self.leave_with(state, &mut waste);
                if let Some(job) = job {
                    worker::run(self, me, job);
                }
                state = self.lock();
            } else {
                (state, _) = self.rest(state, me, false, &done);
            }
        }
    }

    /// After a look that took something: hands on what is left.
    fn leave_with(self: &Arc<Self>, mut state: MutexGuard<'_, State>, waste: &mut Waste) {
        self.note_depth(&state);
        self.note_urgent(&state);
        if state.sleepers.is_anybody_idle() && !state.has_work() {
            self.note_hunger(true);
        }
        let called = self.signal_room(&mut state);
        self.unlock_and_call(state);
        called.wake();
        dispose_all(waste);
    }

    /// Waits until there may be work, or `done`. The caller has found nothing
    /// under the lock. Returns whether the worker, if it `may_retire`, has slept
    /// for so long that it is to leave.
    fn rest<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        me: &Worker,
        may_retire: bool,
        done: impl Fn() -> bool,
    ) -> (MutexGuard<'a, State>, bool) {
        let start = Instant::now();
        self.note_quiet(&mut state);
        self.note_hunger(true);
        if state.sleepers.begin_search() {
            self.bell.0.silence();
            let patience = self.idle.patience(state.sleepers.pause.usual());
            drop(state);
            idle::spin(patience, || self.bell.0.is_rung() || done());
            state = self.lock();
            state.sleepers.end_search();
            if self.bell.0.is_rung() {
                state.sleepers.pause.learn(start.elapsed());
                return (state, false);
            }
        }
        // The last look before the sleep, under the lock: nothing can come in between.
        if done() || state.has_mail(me.index) || (may_retire && state.is_dismissed(me)) {
            return (state, false);
        }
        let retired;
        (state, retired) = self.sleep(state, me, may_retire);
        state.sleepers.pause.learn(start.elapsed());
        (state, retired)
    }

    /// Sleeps until somebody calls, or until the worker is to leave.
    fn sleep<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        me: &Worker,
        may_retire: bool,
    ) -> (MutexGuard<'a, State>, bool) {
        let start = Instant::now();
        state.sleepers.lie_down(me.index);
        loop {
            // `while`, in effect: a wake-up may be spurious.
            if state.sleepers.get_up(me.index) {
                return (state, false);
            }
            let Some(timeout) = state.plan.idle_timeout.filter(|_| may_retire) else {
                state = me.alarm.wait(state).expect(UNPOISONED);
                continue;
            };
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() && state.retire(me) {
                return (state, true);
            }
            // The last ones stay, and look again only now and then.
            let left = if left.is_zero() { timeout } else { left };
            (state, _) = me.alarm.wait_timeout(state, left).expect(UNPOISONED);
        }
    }
}
