//! One place to sleep for both sides, and every change wakes everybody.

use std::collections::VecDeque;

use wt_core::sync::{Condvar, Mutex};

/// A queue with one condition for everything.
pub struct BoundedQueue<T> {
    capacity: usize,
    policy: RejectionPolicy,
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

/// What a push does when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionPolicy {
    /// Waits.
    Block,
    /// Gives the item back.
    Reject,
}

/// What became of an item.
#[derive(Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is in the queue.
    Queued,
}

/// Why an item came back.
#[derive(Debug, PartialEq, Eq)]
pub enum PushError<T> {
    /// There was no room.
    Full(T),
    /// The queue is closed.
    Closed(T),
}

impl<T> BoundedQueue<T> {
    /// An empty queue.
    pub fn new(capacity: usize, policy: RejectionPolicy) -> Self {
        Self {
            capacity,
            policy,
            state: Mutex::new(State {
                items: VecDeque::with_capacity(capacity),
                closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Queues `item`, and waits for room.
    ///
    /// # Errors
    ///
    /// [`PushError`] with the item.
    pub fn push(&self, item: T) -> Result<Pushed, PushError<T>> {
        let mut state = self.state.lock().expect("nothing panics under this lock");
        loop {
            if state.closed {
                return Err(PushError::Closed(item));
            }
            if state.items.len() < self.capacity {
                state.items.push_back(item);
                self.changed.notify_all();
                return Ok(Pushed::Queued);
            }
            if self.policy == RejectionPolicy::Reject {
                return Err(PushError::Full(item));
            }
            state = self
                .changed
                .wait(state)
                .expect("nothing panics under this lock");
        }
    }

    /// Takes the oldest item, and waits for one.
    pub fn pop(&self) -> Option<T> {
        let mut state = self.state.lock().expect("nothing panics under this lock");
        loop {
            if let Some(item) = state.items.pop_front() {
                self.changed.notify_all();
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .expect("nothing panics under this lock");
        }
    }

    /// Ends the queue.
    pub fn close(&self) {
        let mut state = self.state.lock().expect("nothing panics under this lock");
        state.closed = true;
        self.changed.notify_all();
    }
}
