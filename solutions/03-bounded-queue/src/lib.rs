//! A bounded queue for any number of threads, with a choice of what happens when
//! it is full.
//!
//! Also known as a blocking queue or a bounded buffer. The monitor (one lock, two
//! conditions) is Hoare's and Brinch Hansen's; the names of the policies come from
//! Java's `ThreadPoolExecutor`.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use wt_core::sync::{Condvar, Mutex, MutexGuard};

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
    /// Producers sleep here while the queue is full.
    not_full: Condvar,
    /// Consumers sleep here while it is empty. With one condition for both sides,
    /// `notify_one` could wake a thread of the wrong side, and the wake-up is lost.
    not_empty: Condvar,
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
            not_full: Condvar::new(),
            not_empty: Condvar::new(),
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
        let mut state = self.lock();
        // A loop, not an `if`: after a wake-up the queue may be full again, because
        // another producer was faster, or closed.
        loop {
            if state.closed {
                return Err(PushError::Closed(item));
            }
            if state.items.len() < self.capacity {
                break;
            }
            match self.policy {
                RejectionPolicy::Block => state = sleep(&self.not_full, state),
                RejectionPolicy::Reject => return Err(PushError::Full(item)),
                RejectionPolicy::CallerRuns => return Ok(Pushed::CallerRuns(item)),
                RejectionPolicy::DiscardOldest => {
                    let oldest = state.items.pop_front();
                    state.items.push_back(item);
                    // As many items as before: there is no news for a consumer.
                    return Ok(oldest.map_or(Pushed::Queued, Pushed::Discarded));
                }
            }
        }
        state.items.push_back(item);
        // First the store, then the news of it; and unlocked, so that the woken
        // thread does not run straight into the lock.
        drop(state);
        self.not_empty.notify_one();
        Ok(Pushed::Queued)
    }

    /// Takes the oldest item, and sleeps while the queue is empty and open.
    ///
    /// A closed queue still hands out what it holds. `None` means that it is
    /// closed and empty: nothing will ever come.
    pub fn pop(&self) -> Option<T> {
        let mut state = self.lock();
        while state.items.is_empty() {
            if state.closed {
                return None;
            }
            state = sleep(&self.not_empty, state);
        }
        let item = state.items.pop_front();
        drop(state);
        self.not_full.notify_one();
        item
    }

    /// Closes the queue for good: it takes no more items, and nobody waits at it
    /// any longer.
    ///
    /// Waiting producers get their item back as [`PushError::Closed`]; waiting
    /// consumers get `None`.
    pub fn close(&self) {
        self.lock().closed = true;
        // All of them, on both sides: nobody will ever be woken again.
        self.not_full.notify_all();
        self.not_empty.notify_all();
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

/// Frees the lock, sleeps at `condition`, and takes the lock again.
fn sleep<'a, T>(condition: &Condvar, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
    condition.wait(state).expect(UNPOISONED)
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
