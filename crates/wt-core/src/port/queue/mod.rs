//! One direction of a port that has room for messages.
//!
//! ```text
//! send ──> back [ m6 m5 m4 ] ──(all at once)──> front [ m3 m2 ] ──> recv
//!          senders' lock                        receivers' lock
//! ```
//!
//! Senders and receivers have a lock each. A receiver that finds the front empty
//! takes the whole back with one swap, and then receives from it without disturbing
//! the senders. So the two sides seldom touch the same memory, which is what makes
//! a channel slow, and there is no `unsafe` in it. The two locks are those of
//! Michael and Scott's queue (1996); the swap is double buffering.
//!
//! Lock order: front before back. No foreign code runs under a lock: wakers are
//! called, and messages dropped, after it is released.

mod hint;
mod recv;
mod send;

use std::collections::VecDeque;

use wt_sync::sync::atomic::AtomicUsize;

use super::lock::{Guard, Lock};
use super::waiters::Waiters;
use hint::{Hint, Padded};

pub(super) struct Queue<T> {
    /// [`UNBOUNDED`] for as many messages as there is memory.
    capacity: usize,
    front: Padded<Lock<Front<T>>>,
    back: Padded<Lock<Back<T>>>,
    message_hint: Padded<Hint>,
    /// `Front::received`, for a sender that looks for room without the lock. Relaxed,
    /// as the other hint: whoever acts on it takes the lock first.
    received_hint: Padded<AtomicUsize>,
}

const UNBOUNDED: usize = usize::MAX;

/// What receivers use.
struct Front<T> {
    messages: VecDeque<T>,
    /// All that were ever received, wrapping.
    received: usize,
    /// Whether a sender waits for room.
    wanted: bool,
    /// How many messages there were at once when they were last taken over.
    taken: usize,
}

/// What senders use, and receivers when the front is empty.
struct Back<T> {
    messages: VecDeque<T>,
    /// All that were ever sent, wrapping.
    sent: usize,
    /// What `Front::received` was when a sender last asked.
    received: usize,
    receivers: Waiters,
    senders: Waiters,
    /// No more messages are taken: one of the sides is gone.
    closed: bool,
    /// No more messages will come.
    sender_gone: bool,
}

impl<T> Queue<T> {
    /// `None` for as many messages as there is memory.
    pub(super) fn new(capacity: Option<usize>) -> Self {
        Self {
            capacity: capacity.unwrap_or(UNBOUNDED),
            front: Padded(Lock::new(Front {
                messages: VecDeque::new(),
                received: 0,
                wanted: false,
                taken: 0,
            })),
            back: Padded(Lock::new(Back {
                messages: VecDeque::new(),
                sent: 0,
                received: 0,
                receivers: Waiters::default(),
                senders: Waiters::default(),
                closed: false,
                sender_gone: false,
            })),
            message_hint: Padded(Hint::new()),
            received_hint: Padded(AtomicUsize::new(0)),
        }
    }

    pub(super) fn len(&self) -> usize {
        let front = self.front();
        front.messages.len() + self.back().messages.len()
    }

    pub(super) fn is_sender_gone(&self) -> bool {
        self.back().sender_gone
    }

    fn front(&self) -> Guard<'_, Front<T>> {
        self.front.0.lock()
    }

    fn back(&self) -> Guard<'_, Back<T>> {
        self.back.0.lock()
    }
}
