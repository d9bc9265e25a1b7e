//! Lesson 10: a typed two-way line between threads. The brief is in `README.md`.
//!
//! You may use `wt_core::{thread, channel, sync, time}` and std. What you build here
//! is inside `wt_core::port`; leave that one alone.

use std::error::Error;
use std::fmt;
use std::iter;
use std::marker::PhantomData;

use wt_core::channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use wt_core::time::Duration;

/// One end of a two-way line: it sends `Out` and receives `In`.
///
/// Dropping a port hangs up. It is no `Clone`: as long as a second handle lived,
/// dropping the first one would tell the other side nothing.
#[derive(Debug)]
pub struct Port<Out, In> {
    // What must an end hold to send, and what to receive? Put it in place of this line.
    types: PhantomData<(Out, In)>,
}

/// Makes two connected ports. In each direction at most `capacity` messages wait.
///
/// # Panics
///
/// Panics if `capacity` is 0.
#[must_use]
pub fn pair<A, B>(capacity: usize) -> (Port<A, B>, Port<B, A>) {
    assert!(capacity > 0, "a port of capacity 0 can hold no message");
    todo!("connect two ports")
}

impl<Out, In> Port<Out, In> {
    /// Sends a message, and sleeps while there is no room for it.
    ///
    /// # Errors
    ///
    /// The message comes back once the other side has hung up, also if that happens
    /// while this call waits.
    pub fn send(&self, message: Out) -> Result<(), SendError<Out>> {
        let _ = message;
        todo!("send, or wait for room")
    }

    /// Sends a message if there is room, and never waits.
    ///
    /// # Errors
    ///
    /// The message comes back in `Full` or in `Disconnected`.
    pub fn try_send(&self, message: Out) -> Result<(), TrySendError<Out>> {
        let _ = message;
        todo!("send, or say why not")
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
        let _ = message;
        todo!("send, or wait for room for at most {timeout:?}")
    }

    /// Takes the next message, and sleeps until there is one.
    ///
    /// # Errors
    ///
    /// Once the other side has hung up and all that it had sent has been taken.
    pub fn recv(&self) -> Result<In, RecvError> {
        todo!("take the next message, or wait for it")
    }

    /// Takes the next message if there is one, and never waits.
    ///
    /// # Errors
    ///
    /// `Empty` now, or `Disconnected`: nothing will ever come.
    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        todo!("take the next message, or say why not")
    }

    /// As [`recv`](Self::recv), but waits no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// `Timeout`, or `Disconnected`: nothing will ever come.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        todo!("take the next message, or wait for it for at most {timeout:?}")
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
    let _ = (one, other);
    todo!("give each of the two an end of a pair of capacity {capacity}")
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
