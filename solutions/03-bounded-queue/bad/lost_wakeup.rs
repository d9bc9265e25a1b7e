//! Must fail: wake_ups_reach_the_side_that_waits (wrong), holds_under_every_schedule_tried (deadlock)
//! Redact: numbers
//! Story: book/src/stories/03-lost_wakeup.txt
//! Hint: A wake-up went to a thread that could do nothing with it, while the one it was meant for slept on. Who sleeps where, and which of them does `notify_one` choose?
//!
//! The mistake: both sides sleep at one condition variable, and `notify_one` wakes whoever
//! has slept longest. A producer that is told "there is an item" goes back to sleep, the
//! consumer hears nothing, and in the end everybody sleeps.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use wt_core::sync::{Condvar, Mutex, MutexGuard};

#[derive(Debug)]
pub struct BoundedQueue<T> {
    capacity: usize,
    policy: RejectionPolicy,
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionPolicy {
    Block,
    Reject,
    CallerRuns,
    DiscardOldest,
}

#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an item that was handed back is lost if nobody takes it"]
pub enum Pushed<T> {
    Queued,
    CallerRuns(T),
    Discarded(T),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushError<T> {
    Full(T),
    Closed(T),
}

impl<T> BoundedQueue<T> {
    pub fn new(capacity: usize, policy: RejectionPolicy) -> Self {
        assert!(capacity > 0, "a queue of capacity 0 can hold no item");
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

    pub fn push(&self, item: T) -> Result<Pushed<T>, PushError<T>> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return Err(PushError::Closed(item));
            }
            if state.items.len() < self.capacity {
                break;
            }
            match self.policy {
                RejectionPolicy::Block => state = sleep(&self.changed, state),
                RejectionPolicy::Reject => return Err(PushError::Full(item)),
                RejectionPolicy::CallerRuns => return Ok(Pushed::CallerRuns(item)),
                RejectionPolicy::DiscardOldest => {
                    let oldest = state.items.pop_front();
                    state.items.push_back(item);
                    return Ok(oldest.map_or(Pushed::Queued, Pushed::Discarded));
                }
            }
        }
        state.items.push_back(item);
        drop(state);
        self.changed.notify_one();
        Ok(Pushed::Queued)
    }

    pub fn pop(&self) -> Option<T> {
        let mut state = self.lock();
        while state.items.is_empty() {
            if state.closed {
                return None;
            }
            state = sleep(&self.changed, state);
        }
        let item = state.items.pop_front();
        drop(state);
        self.changed.notify_one();
        item
    }

    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub fn len(&self) -> usize {
        self.lock().items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn policy(&self) -> RejectionPolicy {
        self.policy
    }

    #[track_caller]
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect(UNPOISONED)
    }
}

#[track_caller]
fn sleep<'a, T>(condition: &Condvar, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
    condition.wait(state).expect(UNPOISONED)
}

const UNPOISONED: &str = "no code of the caller runs under this lock";

impl<T> fmt::Display for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("the queue is full"),
            Self::Closed(_) => f.write_str("the queue is closed"),
        }
    }
}

impl<T: fmt::Debug> Error for PushError<T> {}
