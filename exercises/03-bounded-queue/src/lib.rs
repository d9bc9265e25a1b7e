//! Lesson 03: a bounded queue. The brief is in `README.md`.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use wt_core::sync::{Mutex, MutexGuard};

/// A queue of at most [`capacity`](Self::capacity) items, first in, first out,
/// that any number of threads may share.
///
/// No item is ever lost: it is popped, or it comes back to the caller in a
/// [`Pushed`] or a [`PushError`].
#[derive(Debug)]
pub struct BoundedQueue<T> {
    capacity: usize,
    policy: RejectionPolicy,
    state: Mutex<State<T>>,
    // Where do producers sleep while the queue is full, and consumers while it is empty?
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

/// What [`BoundedQueue::push`] does when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionPolicy {
    /// Wait for room.
    Block,
    /// Hand the new item back as an error: [`PushError::Full`].
    Reject,
    /// Hand the new item back for the caller to deal with: [`Pushed::CallerRuns`].
    CallerRuns,
    /// Queue the new item and hand the oldest back: [`Pushed::Discarded`].
    DiscardOldest,
}

/// What became of a pushed item.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an item that was handed back is lost if nobody takes it"]
pub enum Pushed<T> {
    /// It is in the queue.
    Queued,
    /// It is not in the queue. Here it is: deal with it on your own thread, now.
    CallerRuns(T),
    /// It is in the queue. To make room, the oldest item was taken out; here it is.
    Discarded(T),
}

/// Why an item was not taken; the item is inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushError<T> {
    /// The queue is full, and its policy is [`RejectionPolicy::Reject`].
    Full(T),
    /// The queue has been closed, under whatever policy.
    Closed(T),
}

impl<T> BoundedQueue<T> {
    /// An empty, open queue.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is 0: nothing could ever be queued.
    pub fn new(capacity: usize, policy: RejectionPolicy) -> Self {
        assert!(capacity > 0, "a queue of capacity 0 can hold no item");
        Self {
            capacity,
            policy,
            state: Mutex::new(State {
                items: VecDeque::with_capacity(capacity),
                closed: false,
            }),
        }
    }

    /// Queues `item`, or does what the policy says if the queue is full.
    ///
    /// Under [`RejectionPolicy::Block`] it sleeps until there is room or the
    /// queue is closed. Under every other policy it never waits.
    ///
    /// # Errors
    ///
    /// [`PushError::Closed`] once the queue is closed, also if that happens while
    /// this call waits; [`PushError::Full`] under [`RejectionPolicy::Reject`].
    pub fn push(&self, item: T) -> Result<Pushed<T>, PushError<T>> {
        let _ = item;
        todo!("queue the item, or do what the policy says")
    }

    /// Takes the oldest item, and sleeps while the queue is empty and open.
    ///
    /// A closed queue still hands out what it holds. `None` means that it is
    /// closed and empty: nothing will ever come.
    pub fn pop(&self) -> Option<T> {
        todo!("take the oldest item, or wait for one")
    }

    /// Closes the queue for good: it takes no more items, and nobody waits at it
    /// any longer.
    ///
    /// Waiting producers get their item back as [`PushError::Closed`]; waiting
    /// consumers get `None`.
    pub fn close(&self) {
        todo!("close the queue, and tell everyone who waits")
    }

    /// Whether [`close`](Self::close) has been called.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// How many items are queued now.
    pub fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Whether no item is queued now.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items the queue can hold.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// What `push` does when the queue is full.
    pub fn policy(&self) -> RejectionPolicy {
        self.policy
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect(UNPOISONED)
    }
}

/// Why the lock is never poisoned.
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
