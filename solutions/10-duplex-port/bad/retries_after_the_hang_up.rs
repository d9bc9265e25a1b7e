//! Must fail: send_waits_while_there_is_no_room (wrong), a_hang_up_wakes_a_waiting_sender (wrong), sending_after_the_hang_up_is_an_error (wrong), an_absent_worker_is_reported (wrong)
//! Hint: Your `send` tries again whatever `try_send` answers. Is there an answer after which trying is in vain?
//!
//! The mistake: every error of `try_send` is taken for "full": try again. After the hang-up it
//! tries for ever, and takes a core for it.

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
        let mut message = message;
        loop {
            match self.outbound.try_send(message) {
                Ok(()) => return Ok(()),
                Err(error) => message = error.into_inner(),
            }
            thread::yield_now();
        }
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
