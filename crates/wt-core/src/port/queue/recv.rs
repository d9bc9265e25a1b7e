//! The receivers' side of a queue.

use std::collections::VecDeque;
use std::mem;
use std::task::{Poll, Waker};

use wt_sync::sync::atomic::Ordering;

use super::super::backoff::{look_for, pause};
use super::super::error::{RecvError, TryRecvError};
use super::super::lock::Guard;
use super::super::waiters::{Leave, Place};
use super::{Back, Front, Queue, UNBOUNDED};

impl<T> Queue<T> {
    pub(in super::super) fn try_recv(&self) -> Result<T, TryRecvError> {
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
    pub(in super::super) fn recv_soon(&self) -> Result<T, TryRecvError> {
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
    pub(in super::super) fn look_for_message(&self) {
        look_for(|| self.message_hint.0.get());
    }

    /// Appends up to `max` messages to `batch`. Returns how many.
    pub(in super::super) fn try_recv_batch(
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
    pub(in super::super) fn poll_recv(
        &self,
        place: &mut Place,
        waker: &Waker,
    ) -> Poll<Result<T, RecvError>> {
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
    pub(in super::super) fn poll_ready(&self, place: &mut Place, waker: &Waker) -> Poll<()> {
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
    pub(in super::super) fn leave_receivers(&self, place: &mut Place) {
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

    /// Takes no more messages. Returns those that nobody has received.
    pub(in super::super) fn close_receiver(&self) -> VecDeque<T> {
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
