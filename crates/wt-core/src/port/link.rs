//! One direction of a port: a queue or a rendezvous, with all the ways to wait.

use std::collections::VecDeque;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use wt_sync::sync::Arc;
use wt_sync::time::{Duration, Instant};

use super::error::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use super::queue::Queue;
use super::rendezvous::Rendezvous;
use super::wait;
use super::waiters::Place;

#[expect(
    clippy::large_enum_variant,
    reason = "there is one per direction, in an `Arc`"
)]
pub(super) enum Link<T> {
    Queue(Queue<T>),
    Rendezvous(Rendezvous<T>),
}

/// The same method on either.
macro_rules! either {
    ($link:expr, $it:ident => $call:expr) => {
        match $link {
            Link::Queue($it) => $call,
            Link::Rendezvous($it) => $call,
        }
    };
}

impl<T> Link<T> {
    /// `None` for an unbounded queue, 0 for a rendezvous.
    pub(super) fn new(capacity: Option<usize>) -> Arc<Self> {
        Arc::new(match capacity {
            Some(0) => Self::Rendezvous(Rendezvous::new()),
            capacity => Self::Queue(Queue::new(capacity)),
        })
    }

    pub(super) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        either!(self, it => it.try_send(message))
    }

    pub(super) fn send(&self, message: T) -> Result<(), SendError<T>> {
        match self.send_until(message, None) {
            Ok(()) => Ok(()),
            Err(error) => Err(SendError(error.into_inner())),
        }
    }

    pub(super) fn send_timeout(
        &self,
        message: T,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        self.send_until(message, deadline_after(timeout))
    }

    fn send_until(&self, message: T, deadline: Option<Instant>) -> Result<(), SendTimeoutError<T>> {
        let sent = match self {
            Self::Queue(queue) => queue.send_soon(message),
            Self::Rendezvous(rendezvous) => rendezvous.try_send(message),
        };
        let message = match sent {
            Ok(()) => return Ok(()),
            Err(TrySendError::Disconnected(message)) => {
                return Err(SendTimeoutError::Disconnected(message));
            }
            Err(TrySendError::Full(message)) => message,
        };
        let mut message = Some(message);
        let mut place = Place::default();
        let sent = wait::block_on(
            deadline,
            |waker| either!(self, it => it.poll_send(&mut message, &mut place, waker)),
        );
        match sent {
            Some(Ok(())) => Ok(()),
            Some(Err(SendError(message))) => Err(SendTimeoutError::Disconnected(message)),
            None => {
                self.leave_senders(&mut message, &mut place);
                match message {
                    Some(message) => Err(SendTimeoutError::Timeout(message)),
                    // It was taken in the last moment.
                    None => Ok(()),
                }
            }
        }
    }

    pub(super) fn send_async(&self, message: T) -> SendFuture<'_, T> {
        SendFuture {
            link: self,
            message: Some(message),
            place: Place::default(),
        }
    }

    pub(super) fn force_send(&self, message: T) -> Result<Option<T>, SendError<T>> {
        match self {
            Self::Queue(queue) => queue.force_send(message),
            Self::Rendezvous(rendezvous) => match rendezvous.try_send(message) {
                Ok(()) => Ok(None),
                Err(TrySendError::Full(message)) => Ok(Some(message)),
                Err(TrySendError::Disconnected(message)) => Err(SendError(message)),
            },
        }
    }

    pub(super) fn try_send_batch(&self, batch: &mut Vec<T>) -> Result<usize, TrySendError<()>> {
        from_the_front(batch, |rest| self.try_send_some(rest))
    }

    pub(super) fn send_batch(&self, batch: &mut Vec<T>) -> Result<(), SendError<()>> {
        from_the_front(batch, |rest| {
            while !rest.is_empty() {
                match self.try_send_some(rest) {
                    Ok(_) => {}
                    Err(TrySendError::Disconnected(())) => return Err(SendError(())),
                    Err(TrySendError::Full(())) => {
                        let first = rest.pop_front().expect("just looked");
                        if let Err(SendError(message)) = self.send(first) {
                            rest.push_front(message);
                            return Err(SendError(()));
                        }
                    }
                }
            }
            Ok(())
        })
    }

    fn try_send_some(&self, rest: &mut VecDeque<T>) -> Result<usize, TrySendError<()>> {
        either!(self, it => it.try_send_batch(rest))
    }

    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        either!(self, it => it.try_recv())
    }

    pub(super) fn recv(&self) -> Result<T, RecvError> {
        self.recv_until(None).map_err(|_| RecvError)
    }

    pub(super) fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.recv_until(deadline_after(timeout))
    }

    fn recv_until(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        let received = match self {
            Self::Queue(queue) => queue.recv_soon(),
            Self::Rendezvous(rendezvous) => rendezvous.try_recv(),
        };
        match received {
            Ok(message) => Ok(message),
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) => self.wait_and_recv(deadline),
        }
    }

    fn wait_and_recv(&self, deadline: Option<Instant>) -> Result<T, RecvTimeoutError> {
        if let Self::Queue(queue) = self {
            queue.look_for_message();
            match queue.try_recv() {
                Ok(message) => return Ok(message),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) => {}
            }
        }
        let mut place = Place::default();
        let received = wait::block_on(
            deadline,
            |waker| either!(self, it => it.poll_recv(&mut place, waker)),
        );
        match received {
            Some(received) => received.map_err(|_| RecvTimeoutError::Disconnected),
            None => {
                self.leave_receivers(&mut place);
                // It may have been called in the last moment.
                self.try_recv().map_err(|error| match error {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                })
            }
        }
    }

    pub(super) fn recv_async(&self) -> RecvFuture<'_, T> {
        RecvFuture {
            link: self,
            place: Place::default(),
        }
    }

    pub(super) fn try_recv_batch(
        &self,
        batch: &mut Vec<T>,
        max: usize,
    ) -> Result<usize, TryRecvError> {
        either!(self, it => it.try_recv_batch(batch, max))
    }

    pub(super) fn recv_batch(&self, batch: &mut Vec<T>, max: usize) -> Result<usize, RecvError> {
        match self.try_recv_batch(batch, max) {
            Ok(count) => Ok(count),
            Err(TryRecvError::Disconnected) => Err(RecvError),
            Err(TryRecvError::Empty) => {
                batch.push(self.recv()?);
                Ok(1 + self.try_recv_batch(batch, max - 1).unwrap_or(0))
            }
        }
    }

    pub(super) fn poll_ready(&self, place: &mut Place, waker: &Waker) -> Poll<()> {
        either!(self, it => it.poll_ready(place, waker))
    }

    pub(super) fn leave_ready(&self, place: &mut Place) {
        match self {
            Self::Queue(queue) => queue.leave_receivers(place),
            Self::Rendezvous(rendezvous) => rendezvous.leave_observers(place),
        }
    }

    pub(super) fn close_sender(&self) {
        either!(self, it => it.close_sender());
    }

    pub(super) fn close_receiver(&self) -> VecDeque<T> {
        either!(self, it => it.close_receiver())
    }

    pub(super) fn len(&self) -> usize {
        either!(self, it => it.len())
    }

    pub(super) fn is_sender_gone(&self) -> bool {
        either!(self, it => it.is_sender_gone())
    }

    fn leave_senders(&self, message: &mut Option<T>, place: &mut Place) {
        match self {
            Self::Queue(queue) => queue.leave_senders(place),
            Self::Rendezvous(rendezvous) => rendezvous.leave_senders(message, place),
        }
    }

    fn leave_receivers(&self, place: &mut Place) {
        either!(self, it => it.leave_receivers(place));
    }
}

/// A send that a task waits for. Dropped before it is ready, it takes the message
/// with it, unless the message is on its way.
#[must_use = "a future does nothing until it is awaited"]
pub(super) struct SendFuture<'a, T> {
    link: &'a Link<T>,
    message: Option<T>,
    place: Place,
}

/// The message is moved, never pinned.
impl<T> Unpin for SendFuture<'_, T> {}

impl<T> Future for SendFuture<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        either!(this.link, it => it.poll_send(&mut this.message, &mut this.place, cx.waker()))
    }
}

impl<T> Drop for SendFuture<'_, T> {
    fn drop(&mut self) {
        self.link.leave_senders(&mut self.message, &mut self.place);
    }
}

/// A receive that a task waits for. Dropped before it is ready, it loses nothing.
#[must_use = "a future does nothing until it is awaited"]
pub(super) struct RecvFuture<'a, T> {
    link: &'a Link<T>,
    place: Place,
}

impl<T> Future for RecvFuture<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        either!(this.link, it => it.poll_recv(&mut this.place, cx.waker()))
    }
}

impl<T> Drop for RecvFuture<'_, T> {
    fn drop(&mut self) {
        self.link.leave_receivers(&mut self.place);
    }
}

/// Lets `send` take messages from the front. A vector would move all others up each
/// time; as a ring it does so once, at the end, if any are left.
fn from_the_front<T, R>(batch: &mut Vec<T>, send: impl FnOnce(&mut VecDeque<T>) -> R) -> R {
    let mut rest = VecDeque::from(mem::take(batch));
    let result = send(&mut rest);
    *batch = Vec::from(rest);
    result
}

/// No deadline if it lies beyond what an `Instant` can hold.
pub(super) fn deadline_after(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
