//! Must fail: the_try_variants_answer_at_once (wrong), what_was_sent_before_the_hang_up_arrives (wrong), a_hang_up_wakes_a_waiting_sender (wrong), sending_after_the_hang_up_is_an_error (wrong), an_absent_worker_is_reported (wrong)
//! May fail: a_port_travels_through_a_port
//! Hint: Your port says goodbye by a message. Who reads it: a thread that waits in `send`? And where does it go when the queue is full?
//!
//! The mistake: hanging up sends a last message, `None`. When the queue is full it does not fit
//! in; and a sender that waits for room, or sends later, never hears of it at all.

use std::error::Error;
use std::fmt;
use std::iter;

use wt_core::channel::{
    self, Receiver, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Sender, TryRecvError,
    TrySendError,
};
use wt_core::sync::Arc;
use wt_core::time::Duration;

#[derive(Debug)]
pub struct Port<Out, In> {
    outbound: Arc<Line<Option<Out>>>,
    inbound: Arc<Line<Option<In>>>,
}

#[derive(Debug)]
struct Line<T> {
    tx: Sender<T>,
    rx: Receiver<T>,
}

impl<T> Line<T> {
    fn new(capacity: usize) -> Arc<Self> {
        let (tx, rx) = channel::bounded(capacity);
        Arc::new(Self { tx, rx })
    }
}

#[must_use]
pub fn pair<A, B>(capacity: usize) -> (Port<A, B>, Port<B, A>) {
    assert!(capacity > 0, "a port of capacity 0 can hold no message");
    let (there, back) = (Line::new(capacity), Line::new(capacity));
    let left = Port {
        outbound: Arc::clone(&there),
        inbound: Arc::clone(&back),
    };
    let right = Port {
        outbound: back,
        inbound: there,
    };
    (left, right)
}

impl<Out, In> Port<Out, In> {
    pub fn send(&self, message: Out) -> Result<(), SendError<Out>> {
        let sent = self.outbound.tx.send(Some(message));
        sent.map_err(|SendError(message)| SendError(message.expect("it was put in")))
    }

    pub fn try_send(&self, message: Out) -> Result<(), TrySendError<Out>> {
        let sent = self.outbound.tx.try_send(Some(message));
        sent.map_err(|error| match error {
            TrySendError::Full(message) => TrySendError::Full(message.expect("it was put in")),
            TrySendError::Disconnected(message) => {
                TrySendError::Disconnected(message.expect("it was put in"))
            }
        })
    }

    pub fn send_timeout(
        &self,
        message: Out,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<Out>> {
        let sent = self.outbound.tx.send_timeout(Some(message), timeout);
        sent.map_err(|error| match error {
            SendTimeoutError::Timeout(message) => {
                SendTimeoutError::Timeout(message.expect("it was put in"))
            }
            SendTimeoutError::Disconnected(message) => {
                SendTimeoutError::Disconnected(message.expect("it was put in"))
            }
        })
    }

    pub fn recv(&self) -> Result<In, RecvError> {
        self.inbound.rx.recv()?.ok_or(RecvError)
    }

    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        self.inbound
            .rx
            .try_recv()?
            .ok_or(TryRecvError::Disconnected)
    }

    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        let message = self.inbound.rx.recv_timeout(timeout)?;
        message.ok_or(RecvTimeoutError::Disconnected)
    }

    pub fn iter(&self) -> impl Iterator<Item = In> + '_ {
        iter::from_fn(|| self.recv().ok())
    }
}

impl<Out, In> Drop for Port<Out, In> {
    fn drop(&mut self) {
        let _ = self.outbound.tx.try_send(None);
    }
}

pub fn introduce<A, B, X, Y>(
    one: &Port<Port<A, B>, X>,
    other: &Port<Port<B, A>, Y>,
    capacity: usize,
) -> Result<(), Absent> {
    let (left, right) = pair(capacity);
    one.send(left).map_err(|_| Absent)?;
    other.send(right).map_err(|_| Absent)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absent;

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of the two workers has hung up")
    }
}

impl Error for Absent {}
