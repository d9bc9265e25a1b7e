//! Ports: typed two-way lines between threads.
//!
//! Also known as a duplex channel; Node's `MessageChannel` makes such a pair. A port
//! of `wt_core::port` can do more: `select`, tasks, broadcast.

use std::error::Error;
use std::fmt;
use std::iter;

use wt_core::channel::{
    self, Receiver, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Sender, TryRecvError,
    TrySendError,
};
use wt_core::time::Duration;

/// One end of a two-way line: it sends `Out` and receives `In`.
///
/// Dropping a port hangs up. It is no `Clone`: as long as a second handle lived,
/// dropping the first one would tell the other side nothing.
#[derive(Debug)]
pub struct Port<Out, In> {
    // Each channel has exactly one sender and one receiver in the world, and they are
    // in two different ports. So the end of a port closes both channels.
    outbound: Sender<Out>,
    inbound: Receiver<In>,
}

/// Makes two connected ports. In each direction at most `capacity` messages wait.
///
/// # Panics
///
/// Panics if `capacity` is 0.
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
    /// Sends a message, and sleeps while there is no room for it.
    ///
    /// # Errors
    ///
    /// The message comes back once the other side has hung up, also if that happens
    /// while this call waits.
    pub fn send(&self, message: Out) -> Result<(), SendError<Out>> {
        self.outbound.send(message)
    }

    /// Sends a message if there is room, and never waits.
    ///
    /// # Errors
    ///
    /// The message comes back in `Full` or in `Disconnected`.
    pub fn try_send(&self, message: Out) -> Result<(), TrySendError<Out>> {
        self.outbound.try_send(message)
    }

    /// As [`send`](Self::send), but waits no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// The message comes back in `Timeout` or in `Disconnected`.
    pub fn send_timeout(
        &self,
        message: Out,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<Out>> {
        self.outbound.send_timeout(message, timeout)
    }

    /// Takes the next message, and sleeps until there is one.
    ///
    /// # Errors
    ///
    /// Once the other side has hung up and all that it had sent has been taken.
    pub fn recv(&self) -> Result<In, RecvError> {
        self.inbound.recv()
    }

    /// Takes the next message if there is one, and never waits.
    ///
    /// # Errors
    ///
    /// `Empty` now, or `Disconnected`: nothing will ever come.
    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        self.inbound.try_recv()
    }

    /// As [`recv`](Self::recv), but waits no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// `Timeout`, or `Disconnected`: nothing will ever come.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        self.inbound.recv_timeout(timeout)
    }

    /// All messages until the other side hangs up; sleeps between them.
    pub fn iter(&self) -> impl Iterator<Item = In> + '_ {
        iter::from_fn(|| self.recv().ok())
    }
}

/// Connects two workers directly: each gets an end of a new pair through the port at
/// which it listens. Nobody stands between them afterwards.
///
/// # Errors
///
/// [`Absent`] if one of them has hung up. If the other one has got its end already, it
/// finds that nobody is on the other side.
///
/// # Panics
///
/// Panics if `capacity` is 0.
pub fn introduce<A, B, X, Y>(
    one: &Port<Port<A, B>, X>,
    other: &Port<Port<B, A>, Y>,
    capacity: usize,
) -> Result<(), Absent> {
    let (left, right) = pair(capacity);
    // An end that cannot be delivered is dropped here, with the error it comes back in:
    // that hangs up, and the worker who has got the opposite end is told.
    one.send(left).map_err(|_| Absent)?;
    other.send(right).map_err(|_| Absent)
}

/// One of two workers that were to be introduced has hung up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absent;

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of the two workers has hung up")
    }
}

impl Error for Absent {}
