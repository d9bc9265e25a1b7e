//! Must fail: introduced_workers_talk_directly (wrong)
//! Hint: You give each worker a line to yourself, and pass on what comes. How could you give them the two ends of one line?
//!
//! The mistake: each of the two gets a port whose other side is a thread of the introducer,
//! which passes the messages on. The two have not met: every message takes two steps, and two
//! threads do nothing but wait.

use std::error::Error;
use std::fmt;
use std::iter;

use wt_core::channel::{
    self, Receiver, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Sender, TryRecvError,
    TrySendError,
};
use wt_core::thread;
use wt_core::time::Duration;

#[derive(Debug)]
pub struct Port<Out, In> {
    outbound: Sender<Out>,
    inbound: Receiver<In>,
}

#[must_use]
pub fn pair<A, B>(capacity: usize) -> (Port<A, B>, Port<B, A>) {
    assert!(capacity > 0, "a port of capacity 0 can hold no message");
    let (a_tx, a_rx) = channel::bounded(capacity);
    let (b_tx, b_rx) = channel::bounded(capacity);
    let left = Port {
        outbound: a_tx,
        inbound: b_rx,
    };
    let right = Port {
        outbound: b_tx,
        inbound: a_rx,
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
        self.inbound.recv()
    }

    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        self.inbound.try_recv()
    }

    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        self.inbound.recv_timeout(timeout)
    }

    pub fn iter(&self) -> impl Iterator<Item = In> + '_ {
        iter::from_fn(|| self.recv().ok())
    }
}

pub fn introduce<A: Send + 'static, B: Send + 'static, X, Y>(
    one: &Port<Port<A, B>, X>,
    other: &Port<Port<B, A>, Y>,
    capacity: usize,
) -> Result<(), Absent> {
    let (left, to_left) = pair::<A, B>(capacity);
    let (right, to_right) = pair::<B, A>(capacity);
    one.send(left).map_err(|_| Absent)?;
    other.send(right).map_err(|_| Absent)?;
    let Port {
        outbound: to_left,
        inbound: from_left,
    } = to_left;
    let Port {
        outbound: to_right,
        inbound: from_right,
    } = to_right;
    thread::spawn(move || {
        from_left
            .iter()
            .try_for_each(|message| to_right.send(message))
    });
    thread::spawn(move || {
        from_right
            .iter()
            .try_for_each(|message| to_left.send(message))
    });
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absent;

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of the two workers has hung up")
    }
}

impl Error for Absent {}
