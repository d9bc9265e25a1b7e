//! One direction of a port that has room for no message: sender and receiver meet.
//!
//! A sender that comes first leaves its message as an offer and waits until it is
//! taken. A receiver that comes first waits until a sender calls it and hands the
//! message over. All of it is under one lock; wakers are called, and messages
//! dropped, after it is released.

use std::collections::VecDeque;
use std::mem;
use std::task::{Poll, Waker};

use super::error::{RecvError, SendError, TryRecvError, TrySendError};
use super::lock::{Guard, Lock};
use super::waiters::{Leave, Place, Waiters};

pub(super) struct Rendezvous<T> {
    state: Lock<State<T>>,
}

struct State<T> {
    /// Of senders that wait. They may take their message back.
    offers: VecDeque<Offer<T>>,
    next: u64,
    /// For receivers that have been called and not come yet.
    handed: VecDeque<T>,
    /// Committed to receive. A sender that calls one need not wait.
    receivers: Waiters,
    /// Want to know that there is an offer, and may not take it.
    observers: Waiters,
    closed: bool,
    sender_gone: bool,
}

struct Offer<T> {
    id: u64,
    message: T,
    waker: Waker,
}

impl<T> Rendezvous<T> {
    pub(super) fn new() -> Self {
        Self {
            state: Lock::new(State {
                offers: VecDeque::new(),
                next: 0,
                handed: VecDeque::new(),
                receivers: Waiters::default(),
                observers: Waiters::default(),
                closed: false,
                sender_gone: false,
            }),
        }
    }

    pub(super) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let mut state = self.lock();
        if state.closed {
            return Err(TrySendError::Disconnected(message));
        }
        let Some(receiver) = state.receivers.call() else {
            return Err(TrySendError::Full(message));
        };
        state.handed.push_back(message);
        drop(state);
        receiver.wake();
        Ok(())
    }

    /// Hands over as many messages from the front of `batch` as receivers wait for.
    pub(super) fn try_send_batch(
        &self,
        batch: &mut VecDeque<T>,
    ) -> Result<usize, TrySendError<()>> {
        let mut state = self.lock();
        if state.closed {
            return Err(TrySendError::Disconnected(()));
        }
        let called: Vec<_> = (0..batch.len())
            .map_while(|_| state.receivers.call())
            .collect();
        if called.is_empty() && !batch.is_empty() {
            return Err(TrySendError::Full(()));
        }
        state.handed.extend(batch.drain(..called.len()));
        drop(state);
        let count = called.len();
        called.into_iter().for_each(Waker::wake);
        Ok(count)
    }

    /// Hands the message to a receiver, or offers it and has the waker called when
    /// it is taken. While it is offered, `message` is `None` and `place` says where.
    pub(super) fn poll_send(
        &self,
        message: &mut Option<T>,
        place: &mut Place,
        waker: &Waker,
    ) -> Poll<Result<(), SendError<T>>> {
        let waker = waker.clone();
        let mut state = self.lock();
        if place.is_taken() {
            return match state.find(place) {
                None => {
                    place.0 = None;
                    Poll::Ready(Ok(()))
                }
                Some(index) if state.closed => {
                    let offer = state.offers.remove(index).expect("just found");
                    place.0 = None;
                    Poll::Ready(Err(SendError(offer.message)))
                }
                Some(index) => {
                    let stale = mem::replace(&mut state.offers[index].waker, waker);
                    drop(state);
                    drop(stale);
                    Poll::Pending
                }
            };
        }
        let message = message
            .take()
            .expect("a future is not polled after it was ready");
        if state.closed {
            return Poll::Ready(Err(SendError(message)));
        }
        if let Some(receiver) = state.receivers.call() {
            state.handed.push_back(message);
            drop(state);
            receiver.wake();
            return Poll::Ready(Ok(()));
        }
        let id = state.next;
        state.next += 1;
        place.0 = Some(id);
        state.offers.push_back(Offer { id, message, waker });
        let observer = state.observers.call();
        drop(state);
        observer.into_iter().for_each(Waker::wake);
        Poll::Pending
    }

    /// Withdraws the offer and gives the message back, unless it is taken.
    pub(super) fn leave_senders(&self, message: &mut Option<T>, place: &mut Place) {
        if !place.is_taken() {
            return;
        }
        let mut state = self.lock();
        let offer = state
            .find(place)
            .and_then(|index| state.offers.remove(index));
        drop(state);
        place.0 = None;
        if let Some(offer) = offer {
            *message = Some(offer.message);
        }
    }

    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.lock();
        let (message, sender) = state.take()?;
        drop(state);
        sender.into_iter().for_each(Waker::wake);
        Ok(message)
    }

    /// Takes up to `max` messages, each from a sender that waits.
    pub(super) fn try_recv_batch(
        &self,
        batch: &mut Vec<T>,
        max: usize,
    ) -> Result<usize, TryRecvError> {
        let mut count = 0;
        while count < max {
            match self.try_recv() {
                Ok(message) => batch.push(message),
                Err(error) if count == 0 => return Err(error),
                Err(_) => break,
            }
            count += 1;
        }
        Ok(count)
    }

    /// Takes a message, or has the waker called when one is handed over.
    pub(super) fn poll_recv(&self, place: &mut Place, waker: &Waker) -> Poll<Result<T, RecvError>> {
        let waker = waker.clone();
        let mut state = self.lock();
        let (message, sender) = match state.take() {
            Ok(taken) => taken,
            Err(TryRecvError::Disconnected) => return Poll::Ready(Err(RecvError)),
            Err(TryRecvError::Empty) => {
                let stale = state.receivers.enter(place, waker);
                drop(state);
                drop(stale);
                return Poll::Pending;
            }
        };
        let left = state.receivers.leave(place);
        drop(state);
        drop(left);
        sender.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(message))
    }

    /// Whether a receive would not wait; if not, has the waker called when it may.
    pub(super) fn poll_ready(&self, place: &mut Place, waker: &Waker) -> Poll<()> {
        let waker = waker.clone();
        let mut state = self.lock();
        if state.is_anything_there() || state.sender_gone {
            return Poll::Ready(());
        }
        let stale = state.observers.enter(place, waker);
        drop(state);
        drop(stale);
        Poll::Pending
    }

    /// Ends a wait for a message. If it was called for one, the next is called.
    pub(super) fn leave_receivers(&self, place: &mut Place) {
        self.leave(place, |state| &mut state.receivers);
    }

    /// Ends a wait for an offer. If it was called for one, the next is called.
    pub(super) fn leave_observers(&self, place: &mut Place) {
        self.leave(place, |state| &mut state.observers);
    }

    fn leave(&self, place: &mut Place, waiters: fn(&mut State<T>) -> &mut Waiters) {
        if !place.is_taken() {
            return;
        }
        let mut state = self.lock();
        let left = waiters(&mut state).leave(place);
        let next = match left {
            Leave::Called if state.is_anything_there() => waiters(&mut state).call(),
            _ => None,
        };
        drop(state);
        drop(left);
        next.into_iter().for_each(Waker::wake);
    }

    pub(super) fn close_sender(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.sender_gone = true;
        let receivers = state.receivers.call_all();
        let observers = state.observers.call_all();
        // Whoever still offers something takes it back.
        let senders: Vec<_> = state
            .offers
            .iter()
            .map(|offer| offer.waker.clone())
            .collect();
        drop(state);
        let called = receivers.chain(observers).chain(senders);
        called.for_each(Waker::wake);
    }

    /// Takes no more messages. Returns those that were handed over to receivers that
    /// did not come for them.
    pub(super) fn close_receiver(&self) -> VecDeque<T> {
        let mut state = self.lock();
        state.closed = true;
        let unread = mem::take(&mut state.handed);
        let senders: Vec<_> = state
            .offers
            .iter()
            .map(|offer| offer.waker.clone())
            .collect();
        drop(state);
        senders.into_iter().for_each(Waker::wake);
        unread
    }

    pub(super) fn len(&self) -> usize {
        let state = self.lock();
        state.handed.len() + state.offers.len()
    }

    pub(super) fn is_sender_gone(&self) -> bool {
        self.lock().sender_gone
    }

    fn lock(&self) -> Guard<'_, State<T>> {
        self.state.lock()
    }
}

impl<T> State<T> {
    /// The oldest message, and the sender that waits for it to be taken.
    fn take(&mut self) -> Result<(T, Option<Waker>), TryRecvError> {
        if let Some(message) = self.handed.pop_front() {
            return Ok((message, None));
        }
        // After a hang-up an offer belongs to its sender again.
        if !self.closed
            && let Some(offer) = self.offers.pop_front()
        {
            return Ok((offer.message, Some(offer.waker)));
        }
        if self.sender_gone {
            Err(TryRecvError::Disconnected)
        } else {
            Err(TryRecvError::Empty)
        }
    }

    fn is_anything_there(&self) -> bool {
        !self.handed.is_empty() || !self.offers.is_empty()
    }

    /// Offers are made in the order of their ids.
    fn find(&self, place: &Place) -> Option<usize> {
        let id = place.0?;
        self.offers.binary_search_by_key(&id, |offer| offer.id).ok()
    }
}
