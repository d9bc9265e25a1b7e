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

use std::collections::VecDeque;
use std::mem;
use std::task::{Poll, Waker};

use wt_sync::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::backoff::{look_for, pause};
use super::error::{RecvError, SendError, TryRecvError, TrySendError};
use super::lock::{Guard, Lock};
use super::waiters::{Leave, Place, Waiters};

pub(super) struct Queue<T> {
    /// [`UNBOUNDED`] for as many messages as there is memory.
    capacity: usize,
    front: Padded<Lock<Front<T>>>,
    back: Padded<Lock<Back<T>>>,
    message_hint: Padded<Hint>,
    /// `Front::received`, for a sender that looks for room without the lock.
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

/// Keeps what it holds off the cache lines of its neighbours, which the other side
/// writes. Processors fetch lines in pairs, hence two of them.
#[repr(align(128))]
struct Padded<T>(T);

/// Whether it is worth to take a lock and look. It decides nothing, so `Relaxed` will
/// do. It is written only if it changes: a line that both sides read is in both caches.
struct Hint(AtomicBool);

impl Hint {
    fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, is_worth_it: bool) {
        if self.get() != is_worth_it {
            self.0.store(is_worth_it, Ordering::Relaxed);
        }
    }
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

    pub(super) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let mut back = self.back();
        if self.room(&back) == 0 {
            drop(back);
            back = self.back_with_count();
        }
        if back.closed {
            return Err(TrySendError::Disconnected(message));
        }
        if self.room(&back) == 0 {
            return Err(TrySendError::Full(message));
        }
        self.push(back, message);
        Ok(())
    }

    /// As `try_send`, for a sender that can wait: if there is hardly any room, it gives
    /// the receivers a moment to make more. Otherwise it would ask, under their lock, for
    /// the room of every single message.
    pub(super) fn send_soon(&self, message: T) -> Result<(), TrySendError<T>> {
        let back = self.back();
        if self.room(&back) > 0 && !back.closed {
            self.push(back, message);
            return Ok(());
        }
        drop(back);
        let mut back = self.back_with_count();
        if !back.closed && self.room(&back) <= self.capacity / 8 {
            let full_at = back.received;
            drop(back);
            look_for(|| {
                let received = self.received_hint.0.load(Ordering::Relaxed);
                received.wrapping_sub(full_at) > self.capacity / 2
            });
            back = self.back_with_count();
        }
        if back.closed {
            return Err(TrySendError::Disconnected(message));
        }
        if self.room(&back) == 0 {
            return Err(TrySendError::Full(message));
        }
        self.push(back, message);
        Ok(())
    }

    /// Sends the message, or has the waker called when there may be room. The message
    /// stays with the caller until it is sent.
    pub(super) fn poll_send(
        &self,
        message: &mut Option<T>,
        place: &mut Place,
        waker: &Waker,
    ) -> Poll<Result<(), SendError<T>>> {
        let waker = waker.clone();
        let mut front = self.front();
        let mut back = self.back();
        back.received = front.received;
        if !back.closed && self.room(&back) == 0 {
            // Under the receivers' lock: whoever makes room from now on sees that it is wanted.
            front.wanted = true;
            let stale = back.senders.enter(place, waker);
            drop((back, front));
            drop(stale);
            return Poll::Pending;
        }
        drop(front);
        let left = back.senders.leave(place);
        let message = message
            .take()
            .expect("a future is not polled after it was ready");
        let result = if back.closed {
            drop(back);
            Err(SendError(message))
        } else {
            self.push(back, message);
            Ok(())
        };
        drop(left);
        Poll::Ready(result)
    }

    /// Sends as many messages from the front of `batch` as there is room for.
    pub(super) fn try_send_batch(&self, batch: &mut Vec<T>) -> Result<usize, TrySendError<()>> {
        let mut back = self.back();
        if self.room(&back) < batch.len() {
            drop(back);
            back = self.back_with_count();
        }
        if back.closed {
            return Err(TrySendError::Disconnected(()));
        }
        let count = self.room(&back).min(batch.len());
        if count == 0 && !batch.is_empty() {
            return Err(TrySendError::Full(()));
        }
        back.messages.extend(batch.drain(..count));
        back.sent = back.sent.wrapping_add(count);
        self.message_hint.0.set(true);
        let called: Vec<_> = (0..count).map_while(|_| back.receivers.call()).collect();
        drop(back);
        called.into_iter().for_each(Waker::wake);
        Ok(count)
    }

    /// Sends the message, in place of the oldest if there is no room.
    pub(super) fn force_send(&self, message: T) -> Result<Option<T>, SendError<T>> {
        let mut front = self.front();
        let mut back = self.back();
        if back.closed {
            return Err(SendError(message));
        }
        back.received = front.received;
        let mut oldest = None;
        if self.room(&back) == 0 {
            // A sender that waits for room is not called: the room is taken at once.
            oldest = front
                .messages
                .pop_front()
                .or_else(|| back.messages.pop_front());
            front.received = front.received.wrapping_add(1);
            back.received = front.received;
        }
        drop(front);
        self.push(back, message);
        Ok(oldest)
    }

    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut front = self.front();
        if front.messages.is_empty() {
            self.refill(&mut front, &mut self.back())?;
        }
        let message = front.messages.pop_front().expect("refilled");
        self.note_received(front, 1);
        Ok(message)
    }

    /// As `try_recv`, for a receiver that can wait: if messages come in a stream, it
    /// gives the senders a moment to put down more. Otherwise it would ask, under their
    /// lock, for every single one.
    pub(super) fn recv_soon(&self) -> Result<T, TryRecvError> {
        let mut front = self.front();
        if front.messages.is_empty() {
            if front.taken > 1 {
                drop(front);
                pause();
                front = self.front();
            }
            if front.messages.is_empty() {
                self.refill(&mut front, &mut self.back())?;
            }
        }
        let message = front.messages.pop_front().expect("refilled");
        self.note_received(front, 1);
        Ok(message)
    }

    /// Looks for a moment whether there is a message.
    pub(super) fn look_for_message(&self) {
        look_for(|| self.message_hint.0.get());
    }

    /// Appends up to `max` messages to `batch`. Returns how many.
    pub(super) fn try_recv_batch(
        &self,
        batch: &mut Vec<T>,
        max: usize,
    ) -> Result<usize, TryRecvError> {
        let mut front = self.front();
        let mut count = 0;
        while count < max {
            if front.messages.is_empty()
                && let Err(error) = self.refill(&mut front, &mut self.back())
            {
                if count == 0 {
                    return Err(error);
                }
                break;
            }
            let part = front.messages.len().min(max - count);
            batch.extend(front.messages.drain(..part));
            count += part;
        }
        self.note_received(front, count);
        Ok(count)
    }

    /// Receives a message, or has the waker called when there may be one.
    pub(super) fn poll_recv(&self, place: &mut Place, waker: &Waker) -> Poll<Result<T, RecvError>> {
        let waker = waker.clone();
        let mut front = self.front();
        let mut back = self.back();
        if front.messages.is_empty() {
            match self.refill(&mut front, &mut back) {
                Ok(()) => {}
                Err(TryRecvError::Disconnected) => return Poll::Ready(Err(RecvError)),
                Err(TryRecvError::Empty) => {
                    let stale = back.receivers.enter(place, waker);
                    drop((back, front));
                    drop(stale);
                    return Poll::Pending;
                }
            }
        }
        let message = front.messages.pop_front().expect("refilled");
        let left = back.receivers.leave(place);
        drop(back);
        self.note_received(front, 1);
        drop(left);
        Poll::Ready(Ok(message))
    }

    /// Whether a receive would not wait; if not, has the waker called when it may.
    pub(super) fn poll_ready(&self, place: &mut Place, waker: &Waker) -> Poll<()> {
        let waker = waker.clone();
        let front = self.front();
        let mut back = self.back();
        if front.messages.is_empty() && back.messages.is_empty() && !back.sender_gone {
            let stale = back.receivers.enter(place, waker);
            drop((back, front));
            drop(stale);
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Ends a wait for a message. If it was called for one, the next is called.
    pub(super) fn leave_receivers(&self, place: &mut Place) {
        if !place.is_taken() {
            return;
        }
        let front = self.front();
        let mut back = self.back();
        let left = back.receivers.leave(place);
        let is_there = !front.messages.is_empty() || !back.messages.is_empty();
        let next = match left {
            Leave::Called if is_there => back.receivers.call(),
            _ => None,
        };
        drop((back, front));
        drop(left);
        next.into_iter().for_each(Waker::wake);
    }

    /// Ends a wait for room. If it was called for some, the next is called.
    pub(super) fn leave_senders(&self, place: &mut Place) {
        if !place.is_taken() {
            return;
        }
        let mut back = self.back_with_count();
        let left = back.senders.leave(place);
        let next = match left {
            Leave::Called if self.room(&back) > 0 => back.senders.call(),
            _ => None,
        };
        drop(back);
        drop(left);
        next.into_iter().for_each(Waker::wake);
    }

    pub(super) fn close_sender(&self) {
        let mut back = self.back();
        back.closed = true;
        back.sender_gone = true;
        self.message_hint.0.set(true);
        let receivers = back.receivers.call_all();
        let senders = back.senders.call_all();
        drop(back);
        receivers.chain(senders).for_each(Waker::wake);
    }

    /// Takes no more messages. Returns those that nobody has received.
    pub(super) fn close_receiver(&self) -> VecDeque<T> {
        let mut front = self.front();
        let mut back = self.back();
        back.closed = true;
        let mut unread = mem::take(&mut front.messages);
        unread.append(&mut back.messages);
        let senders = back.senders.call_all();
        drop((back, front));
        senders.for_each(Waker::wake);
        unread
    }

    pub(super) fn len(&self) -> usize {
        let front = self.front();
        front.messages.len() + self.back().messages.len()
    }

    pub(super) fn is_sender_gone(&self) -> bool {
        self.back().sender_gone
    }

    fn push(&self, mut back: Guard<'_, Back<T>>, message: T) {
        back.messages.push_back(message);
        back.sent = back.sent.wrapping_add(1);
        self.message_hint.0.set(true);
        // One message, one receiver.
        let called = back.receivers.call();
        drop(back);
        called.into_iter().for_each(Waker::wake);
    }

    /// Takes over all that senders have put down.
    fn refill(&self, front: &mut Front<T>, back: &mut Back<T>) -> Result<(), TryRecvError> {
        if !back.messages.is_empty() {
            mem::swap(&mut front.messages, &mut back.messages);
            front.taken = front.messages.len();
            self.message_hint.0.set(back.sender_gone);
            Ok(())
        } else if back.sender_gone {
            Err(TryRecvError::Disconnected)
        } else {
            Err(TryRecvError::Empty)
        }
    }

    /// Counts messages, and calls the senders that wait for their room.
    fn note_received(&self, mut front: Guard<'_, Front<T>>, count: usize) {
        release_if_grown(&mut front.messages);
        if self.capacity == UNBOUNDED {
            return;
        }
        front.received = front.received.wrapping_add(count);
        self.received_hint
            .0
            .store(front.received, Ordering::Relaxed);
        if !front.wanted {
            return;
        }
        let mut back = self.back();
        let called: Vec<_> = (0..count).map_while(|_| back.senders.call()).collect();
        front.wanted = !back.senders.is_empty();
        drop((back, front));
        called.into_iter().for_each(Waker::wake);
    }

    /// How many messages may still be sent, going by the count of when a sender last
    /// asked: there may be more room, but not less.
    fn room(&self, back: &Back<T>) -> usize {
        if self.capacity == UNBOUNDED {
            return UNBOUNDED;
        }
        self.capacity - back.sent.wrapping_sub(back.received)
    }

    /// The back with the count of this moment. Costs the receivers' lock as well, so it
    /// is asked only when the last count is used up.
    fn back_with_count(&self) -> Guard<'_, Back<T>> {
        let front = self.front();
        let mut back = self.back();
        back.received = front.received;
        back
    }

    fn front(&self) -> Guard<'_, Front<T>> {
        self.front.0.lock()
    }

    fn back(&self) -> Guard<'_, Back<T>> {
        self.back.0.lock()
    }
}

/// A buffer of up to so many bytes is kept for the next messages.
const KEPT: usize = 1 << 16;

/// Gives back the memory of a burst as soon as all of it is received.
fn release_if_grown<T>(messages: &mut VecDeque<T>) {
    let bytes = messages.capacity().saturating_mul(size_of::<T>());
    if messages.is_empty() && bytes > KEPT {
        *messages = VecDeque::new();
    }
}
