//! Must fail: the_try_variants_answer_at_once (wrong), what_was_sent_before_the_hang_up_arrives (wrong), a_port_travels_through_a_port (wrong), introduced_workers_talk_directly (wrong)
//! Hint: You ask first whether the other side is still there. What about the messages that it left behind?
//!
//! The mistake: a flag says that the other side has gone, and every receive looks at the flag
//! first. What that side had sent before it went is thrown away.

use std::error::Error;
use std::fmt;
use std::iter;

use wt_core::channel::{
    self, Receiver, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Sender, TryRecvError,
    TrySendError,
};
use wt_core::sync::Arc;
use wt_core::sync::atomic::{AtomicBool, Ordering};
use wt_core::time::Duration;

#[derive(Debug)]
pub struct Port<Out, In> {
    outbound: Sender<Out>,
    inbound: Receiver<In>,
    here: Arc<AtomicBool>,
    there: Arc<AtomicBool>,
}

impl<Out, In> Drop for Port<Out, In> {
    fn drop(&mut self) {
        self.here.store(false, Ordering::SeqCst);
    }
}

#[must_use]
pub fn pair<A, B>(capacity: usize) -> (Port<A, B>, Port<B, A>) {
    assert!(capacity > 0, "a port of capacity 0 can hold no message");
    let (a_tx, a_rx) = channel::bounded(capacity);
    let (b_tx, b_rx) = channel::bounded(capacity);
    let here = Arc::new(AtomicBool::new(true));
    let there = Arc::new(AtomicBool::new(true));
    let left = Port {
        outbound: a_tx,
        inbound: b_rx,
        here: Arc::clone(&here),
        there: Arc::clone(&there),
    };
    let right = Port {
        outbound: b_tx,
        inbound: a_rx,
        here: there,
        there: here,
    };
    (left, right)
}

impl<Out, In> Port<Out, In> {
    pub fn send(&self, message: Out) -> Result<(), SendError<Out>> {
        self.outbound.send(message)
    }

    pub fn try_send(&self, message: Out) -> Result<(), TrySendError<Out>> {
        self.outbound.try_send(message)
    }

    pub fn send_timeout(
        &self,
        message: Out,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<Out>> {
        self.outbound.send_timeout(message, timeout)
    }

    pub fn recv(&self) -> Result<In, RecvError> {
        if !self.there.load(Ordering::SeqCst) {
            return Err(RecvError);
        }
        self.inbound.recv()
    }

    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        if !self.there.load(Ordering::SeqCst) {
            return Err(TryRecvError::Disconnected);
        }
        self.inbound.try_recv()
    }

    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        if !self.there.load(Ordering::SeqCst) {
            return Err(RecvTimeoutError::Disconnected);
        }
        self.inbound.recv_timeout(timeout)
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
