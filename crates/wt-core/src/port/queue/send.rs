//! The senders' side of a queue.

use std::collections::VecDeque;
use std::task::{Poll, Waker};

use wt_sync::sync::atomic::Ordering;

use super::super::backoff::look_for;
use super::super::error::{SendError, TrySendError};
use super::super::lock::Guard;
use super::super::waiters::{Leave, Place};
use super::{Back, Queue, UNBOUNDED};

impl<T> Queue<T> {
    pub(in super::super) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
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
    pub(in super::super) fn send_soon(&self, message: T) -> Result<(), TrySendError<T>> {
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
    pub(in super::super) fn poll_send(
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
    pub(in super::super) fn try_send_batch(
        &self,
        batch: &mut VecDeque<T>,
    ) -> Result<usize, TrySendError<()>> {
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
        if count == batch.len() {
            // As a whole, which is one copy of memory and no loop.
            back.messages.append(batch);
        } else {
            back.messages.extend(batch.drain(..count));
        }
        back.sent = back.sent.wrapping_add(count);
        self.message_hint.0.set(true);
        let called: Vec<_> = (0..count).map_while(|_| back.receivers.call()).collect();
        drop(back);
        called.into_iter().for_each(Waker::wake);
        Ok(count)
    }

    /// Sends the message, in place of the oldest if there is no room.
    pub(in super::super) fn force_send(&self, message: T) -> Result<Option<T>, SendError<T>> {
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

    /// Ends a wait for room. If it was called for some, the next is called.
    pub(in super::super) fn leave_senders(&self, place: &mut Place) {
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

    pub(in super::super) fn close_sender(&self) {
        let mut back = self.back();
        back.closed = true;
        back.sender_gone = true;
        self.message_hint.0.set(true);
        let receivers = back.receivers.call_all();
        let senders = back.senders.call_all();
        drop(back);
        receivers.chain(senders).for_each(Waker::wake);
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
}
