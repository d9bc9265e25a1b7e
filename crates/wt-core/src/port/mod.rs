//! Ports: typed two-way channels between threads. Node calls a pair of them a
//! `MessageChannel`.
//!
//! ```text
//!  Port<A, B>  ── A ──>  Port<B, A>
//!              <── B ──
//! ```
//!
//! [`pair`] and [`bounded`] make two connected ports. [`service`] makes a client
//! and a server, for callers that wait for the answer to their own question.
//!
//! A message is moved, never copied. A port is `Send`, so it can travel through
//! another port. Dropping a port is how to hang up: the other side can still read
//! what was sent before, and then gets `Disconnected`. Messages that the dropped
//! port has not read are dropped with it, and so are the ports and requests in
//! them.
//!
//! The queues are those of [flume](https://docs.rs/flume), whose ends work from
//! threads and from async tasks alike.

mod error;
mod link;
mod service;

use std::fmt;
use std::iter;

use wt_sync::time::Duration;

pub use error::{
    CallError, RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
pub use service::{Client, ReplyTo, Request, Server, service};

use link::{Outlet, link};

/// Makes two connected ports, unbounded in both directions: `send` never blocks,
/// and memory is the only limit. Prefer [`bounded`] if a side may be slow.
///
/// # Examples
///
/// ```
/// use wt_core::{port, thread};
///
/// let (main, worker) = port::pair::<u32, String>();
/// let thread = thread::spawn(move || {
///     for number in worker.iter() {
///         worker.send(format!("<{number}>")).unwrap();
///     }
/// });
/// main.send(7).unwrap();
/// assert_eq!(main.recv().unwrap(), "<7>");
/// drop(main);
/// thread.join().unwrap();
/// ```
#[must_use]
pub fn pair<A, B>() -> (Port<A, B>, Port<B, A>) {
    connect(link(None), link(None))
}

/// Makes two connected ports that hold at most `capacity` messages in each
/// direction. With 0 each `send` is a rendezvous: it waits for a `recv`.
///
/// Two sides that both send without receiving can fill both directions and then
/// wait for each other for ever.
///
/// # Examples
///
/// ```
/// use wt_core::port::{self, TrySendError};
///
/// let (main, _worker) = port::bounded::<u32, ()>(1);
/// main.try_send(1).unwrap();
/// assert_eq!(main.try_send(2), Err(TrySendError::Full(2)));
/// ```
#[must_use]
pub fn bounded<A, B>(capacity: usize) -> (Port<A, B>, Port<B, A>) {
    connect(link(Some(capacity)), link(Some(capacity)))
}

type Link<T> = (Outlet<T>, Outlet<T>, flume::Receiver<T>);

fn connect<A, B>(there: Link<A>, back: Link<B>) -> (Port<A, B>, Port<B, A>) {
    let left = Port {
        receiver: back.2,
        outlet: there.0,
        unread: back.1,
    };
    let right = Port {
        receiver: there.2,
        outlet: back.0,
        unread: there.1,
    };
    (left, right)
}

/// One end of a two-way channel: sends `Out`, receives `In`.
///
/// All methods take `&self`, and a port may be shared between threads; each
/// message is received once.
pub struct Port<Out, In> {
    // The order matters, because fields are dropped in it: first the other side's sends fail,
    // then its receives end, and only then are unread messages, foreign code, dropped. So a side
    // that has seen `recv` fail will see `send` fail too.
    receiver: flume::Receiver<In>,
    outlet: Outlet<Out>,
    #[expect(dead_code, reason = "dropped for its effect: it frees unread messages")]
    unread: Outlet<In>,
}

impl<Out, In> Port<Out, In> {
    /// Sends `message`. Blocks while a [`bounded`] port is full, until there is
    /// room or the other side hangs up.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`], with the message inside, once the other side has
    /// hung up.
    pub fn send(&self, message: Out) -> Result<(), SendError<Out>> {
        self.outlet.send(message)
    }

    /// Sends `message` if there is room now. Never blocks. A rendezvous port has
    /// room only while the other side waits in a `recv`.
    ///
    /// # Errors
    ///
    /// Returns [`TrySendError`], with the message inside, if the port is full or
    /// the other side has hung up.
    pub fn try_send(&self, message: Out) -> Result<(), TrySendError<Out>> {
        self.outlet.try_send(message)
    }

    /// Sends `message`. Blocks until there is room, the other side hangs up, or
    /// `timeout` has passed.
    ///
    /// # Errors
    ///
    /// Returns [`SendTimeoutError`], with the message inside, in the latter two
    /// cases.
    pub fn send_timeout(
        &self,
        message: Out,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<Out>> {
        self.outlet.send_timeout(message, timeout)
    }

    /// Sends `message`. The task, not the thread, waits for room.
    ///
    /// Dropping the future before it is ready drops the message, unless the
    /// other side has already received it.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_async(&self, message: Out) -> Result<(), SendError<Out>> {
        self.outlet.send_async(message).await
    }

    /// Receives the oldest message. Blocks until there is one, or the other side
    /// has hung up and everything it sent is read.
    ///
    /// # Errors
    ///
    /// Returns [`RecvError`] in the latter case.
    pub fn recv(&self) -> Result<In, RecvError> {
        self.receiver.recv().map_err(|_| RecvError)
    }

    /// Receives the oldest message if there is one. Never blocks.
    ///
    /// # Errors
    ///
    /// Returns [`TryRecvError`]: nothing is there yet, or never will be.
    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        self.receiver.try_recv().map_err(TryRecvError::from)
    }

    /// Receives the oldest message. Blocks until there is one, the other side has
    /// hung up, or `timeout` has passed.
    ///
    /// # Errors
    ///
    /// Returns [`RecvTimeoutError`] in the latter two cases.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        self.receiver
            .recv_timeout(timeout)
            .map_err(RecvTimeoutError::from)
    }

    /// Receives the oldest message. The task, not the thread, waits.
    ///
    /// Dropping the future before it is ready loses no message.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub async fn recv_async(&self) -> Result<In, RecvError> {
        self.receiver.recv_async().await.map_err(|_| RecvError)
    }

    /// The messages as they come. `next` blocks as [`recv`](Self::recv) does; the
    /// iterator ends when the other side has hung up and everything is read.
    pub fn iter(&self) -> impl Iterator<Item = In> + '_ {
        iter::from_fn(|| self.recv().ok())
    }

    /// Whether the other side has hung up. There may still be messages to read.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        self.receiver.is_disconnected()
    }
}

impl<Out, In> fmt::Debug for Port<Out, In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port")
            .field("unread", &self.receiver.len())
            .field("disconnected", &self.is_disconnected())
            .finish()
    }
}
