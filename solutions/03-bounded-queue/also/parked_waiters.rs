//! Also right: no condition variable: waiting threads park, and each is unparked by name
//!
//! What a condition variable does for you, by hand: a list of sleepers for each side, under
//! the same lock as the items.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use wt_core::sync::{Mutex, MutexGuard};
use wt_core::thread::{self, Thread};

#[derive(Debug)]
pub struct BoundedQueue<T> {
    capacity: usize,
    policy: RejectionPolicy,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    closed: bool,
    producers: Waiters,
    consumers: Waiters,
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
                producers: Waiters::default(),
                consumers: Waiters::default(),
            }),
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
                RejectionPolicy::Block => {
                    state.producers.register();
                    drop(state);
                    thread::park();
                    state = self.lock();
                    state.producers.forget();
                }
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
        state.consumers.wake_first();
        Ok(Pushed::Queued)
    }

    pub fn pop(&self) -> Option<T> {
        let mut state = self.lock();
        while state.items.is_empty() {
            if state.closed {
                return None;
            }
            state.consumers.register();
            drop(state);
            thread::park();
            state = self.lock();
            state.consumers.forget();
        }
        state.producers.wake_first();
        state.items.pop_front()
    }

    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.producers.wake_all();
        state.consumers.wake_all();
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

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect(UNPOISONED)
    }
}

/// Parked threads, longest first.
#[derive(Debug, Default)]
struct Waiters(VecDeque<Thread>);

impl Waiters {
    fn register(&mut self) {
        self.0.push_back(thread::current());
    }

    /// A thread that woke up by itself is still in the list. A later wake-up must
    /// not go to it: it would be lost.
    fn forget(&mut self) {
        let me = thread::current().id();
        self.0.retain(|waiter| waiter.id() != me);
    }

    fn wake_first(&mut self) {
        if let Some(waiter) = self.0.pop_front() {
            waiter.unpark();
        }
    }

    fn wake_all(&mut self) {
        self.0.drain(..).for_each(|waiter| waiter.unpark());
    }
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
