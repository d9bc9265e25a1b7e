//! Must fail: the_try_variants_answer_at_once (wrong), the_timeout_variants_give_up (wrong), what_was_sent_before_the_hang_up_arrives (wrong), a_hang_up_wakes_a_waiting_receiver (wrong), a_hang_up_wakes_a_waiting_sender (wrong), sending_after_the_hang_up_is_an_error (wrong), a_port_travels_through_a_port (wrong), an_absent_worker_is_reported (wrong)
//! Hint: Both of your ports hold both ends of each channel. Which end disappears when one port is dropped?
//!
//! The mistake: the two ends of a channel are put into one `Arc`, and both ports hold it. It is
//! easy to write and both directions work; but a port that goes takes no end with it, and
//! nobody ever hears a hang-up.

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
    outbound: Arc<Line<Out>>,
    inbound: Arc<Line<In>>,
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
        self.outbound.tx.send(message)
    }

    pub fn try_send(&self, message: Out) -> Result<(), TrySendError<Out>> {
        self.outbound.tx.try_send(message)
    }

    pub fn send_timeout(
        &self,
        message: Out,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<Out>> {
        self.outbound.tx.send_timeout(message, timeout)
    }

    pub fn recv(&self) -> Result<In, RecvError> {
        self.inbound.rx.recv()
    }

    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        self.inbound.rx.try_recv()
    }

    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        self.inbound.rx.recv_timeout(timeout)
    }

    pub fn iter(&self) -> impl Iterator<Item = In> + '_ {
        iter::from_fn(|| self.recv().ok())
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
