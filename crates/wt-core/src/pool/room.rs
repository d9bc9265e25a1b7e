//! Who waits for room in the queue, and how they hear of it.
//!
//! Threads sleep on a condition variable, one of which is woken at a time; tasks
//! leave a waker, and all are woken. Whoever is woken looks again, because the room
//! may be taken.

use std::future::poll_fn;
use std::task::{Poll, Waker};

use wt_sync::sync::MutexGuard;

use super::idle;
use super::job::{contain, swallow};
use super::queue::{Queue, UNPOISONED};
use super::state::State;
use super::worker::Worker;

/// Looking for room takes a core, which the workers may need to make it. After it was
/// in vain, this many waits pass before the next try.
const LOOK_EVERY: u32 = 16;

/// Tasks that wait for room. One that was woken keeps its place until it looks.
#[derive(Default)]
pub(super) struct Tasks {
    waiting: Vec<(u64, Option<Waker>)>,
    next: u64,
}

impl Tasks {
    /// How many have not been woken.
    pub(super) fn untold(&self) -> usize {
        self.waiting
            .iter()
            .filter(|(_, waker)| waker.is_some())
            .count()
    }

    fn call_all(&mut self) -> Called {
        let waiting = self.waiting.iter_mut();
        Called(waiting.filter_map(|(_, waker)| waker.take()).collect())
    }

    /// Puts a task in, or gives it a new waker. Returns the old one: foreign code,
    /// to be dropped unlocked.
    fn enter(&mut self, place: &mut Option<u64>, waker: Waker) -> Option<Waker> {
        let id = *place.get_or_insert(self.next);
        if id == self.next {
            self.next += 1;
            self.waiting.push((id, None));
        }
        let task = self.waiting.iter_mut().find(|(other, _)| *other == id);
        task.and_then(|(_, slot)| slot.replace(waker))
    }

    /// Takes a task out, with its waker.
    fn leave(&mut self, place: &mut Option<u64>) -> Option<Waker> {
        let id = place.take()?;
        let index = self.waiting.iter().position(|(other, _)| *other == id)?;
        self.waiting.swap_remove(index).1
    }
}

/// Tasks to be woken once the lock is released: wakers are foreign code.
#[must_use = "a task that is not woken waits for ever"]
#[derive(Default)]
pub(super) struct Called(Vec<Waker>);

impl Called {
    pub(super) fn wake(self) {
        for waker in self.0 {
            swallow(contain(|| waker.wake()));
        }
    }
}

impl Queue {
    /// Sleeps until there is room or the queue is closed; may return early.
    pub(super) fn wait_for_room<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
    ) -> MutexGuard<'a, State> {
        if state.vain_looks.is_multiple_of(LOOK_EVERY) {
            // Perhaps the workers are about to make room. If they make much of it, the submitter
            // and the workers each go on for a while, instead of taking turns at every job.
            let much = usize::try_from(state.plan.capacity / 2).unwrap_or(usize::MAX);
            drop(state);
            let found = idle::spin(self.idle.patience_outside(), || self.depth() <= much);
            state = self.lock();
            state.vain_looks = u32::from(!found);
        } else {
            state.vain_looks = state.vain_looks.wrapping_add(1);
        }
        if state.has_room() || self.is_closing() {
            return state;
        }
        state.blocked += 1;
        self.note_blocked(&state);
        // A worker that begins a job after this sees the hint. What was begun before is seen here.
        while !state.has_room() && !self.is_closing() {
            state = self.room.wait(state).expect(UNPOISONED);
            state.room_offered = false;
            self.note_blocked(&state);
        }
        state.blocked -= 1;
        self.note_blocked(&state);
        state
    }

    /// Ends once there is room or the queue is closed. A task, not a thread, waits.
    pub(super) async fn room(&self) {
        let mut wait = Wait {
            queue: self,
            place: None,
        };
        poll_fn(|cx| wait.poll(cx.waker())).await;
    }

    /// Lets a submitter in, if this worker has made room.
    pub(super) fn offer_room(&self, me: &Worker) {
        let mut state = self.lock();
        state.settle(&mut me.lock());
        let called = self.signal_room(&mut state);
        drop(state);
        called.wake();
    }

    /// Wakes the threads that wait, if there is room for all of them, or else one,
    /// which wakes the next if there is more room. Hands out the tasks that wait.
    pub(super) fn signal_room(&self, state: &mut State) -> Called {
        if !self.has_blocked_submitters() || !state.has_room() {
            return Called::default();
        }
        if state.blocked > 0 && !state.room_offered {
            state.room_offered = true;
            if state.room() >= state.blocked as u64 {
                self.room.notify_all();
            } else {
                self.room.notify_one();
            }
        }
        let called = state.tasks.call_all();
        self.note_blocked(state);
        called
    }

    /// Makes all who wait for room look again.
    pub(super) fn call_all_for_room(&self, state: &mut State) -> Called {
        self.room.notify_all();
        state.tasks.call_all()
    }
}

/// The wait of one task.
struct Wait<'a> {
    queue: &'a Queue,
    place: Option<u64>,
}

impl Wait<'_> {
    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let waker = waker.clone();
        let mut state = self.queue.lock();
        let stale = state.tasks.enter(&mut self.place, waker);
        self.queue.note_blocked(&state);
        // As in `wait_for_room`: a worker that begins a job after this sees the hint.
        let is_over = state.has_room() || self.queue.is_closing();
        drop(state);
        drop(stale);
        if is_over {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if self.place.is_none() {
            return;
        }
        let mut state = self.queue.lock();
        let waker = state.tasks.leave(&mut self.place);
        self.queue.note_blocked(&state);
        drop(state);
        drop(waker);
    }
}
