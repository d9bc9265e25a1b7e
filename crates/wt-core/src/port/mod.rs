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
//! Further: [`Select`] waits for several ports, [`Broadcast`] sends to many, [`Topics`]
//! to those who asked for a key. All ends work from threads and from async tasks alike.
//!
//! A wait looks again for some microseconds before it sleeps, because what another
//! thread is about to bring is not worth a sleep and a wake-up. An idle port then uses
//! no CPU.
//!
//! Why not the channels of flume or crossbeam? They are the measure (see `wt-bench`),
//! and flume carries the replies of [`service`]. But a port needs what they lack: to
//! drop unread messages with the receiver, to give them back, to make room by force, to
//! move batches, and to have one list of wakers for threads, tasks and `Select`.

mod backoff;
mod broadcast;
mod error;
mod link;
mod lock;
mod queue;
mod rendezvous;
mod select;
mod service;
mod topics;
mod wait;
mod waiters;

use std::fmt;
use std::iter;

use wt_sync::sync::Arc;
use wt_sync::time::Duration;

pub use broadcast::{Broadcast, Lag, Subscription};
pub use error::{
    CallError, RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
pub use select::{Select, Source};
pub use service::{Client, ReplyTo, Request, Server, service};
pub use topics::Topics;

use link::Link;

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
    connect(Link::new(None), Link::new(None))
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
    connect(Link::new(Some(capacity)), Link::new(Some(capacity)))
}

fn connect<A, B>(there: Arc<Link<A>>, back: Arc<Link<B>>) -> (Port<A, B>, Port<B, A>) {
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

/// One end of a two-way channel: sends `Out`, receives `In`.
///
/// All methods take `&self`, and a port may be shared between threads; each
/// message is received once.
pub struct Port<Out, In> {
    outbound: Arc<Link<Out>>,
    inbound: Arc<Link<In>>,
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
        self.outbound.send(message)
    }

    /// Sends `message` if there is room now. Never blocks. A rendezvous port has
    /// room only while the other side waits in a `recv`.
    ///
    /// # Errors
    ///
    /// Returns [`TrySendError`], with the message inside, if the port is full or
    /// the other side has hung up.
    pub fn try_send(&self, message: Out) -> Result<(), TrySendError<Out>> {
        self.outbound.try_send(message)
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
        self.outbound.send_timeout(message, timeout)
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
        self.outbound.send_async(message).await
    }

    /// Sends `message` without waiting. If the port is full, the oldest unread message
    /// makes room for it, and comes back.
    ///
    /// A rendezvous port keeps no message, so what comes back if nobody waits in a
    /// `recv` is `message` itself.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::port;
    ///
    /// let (main, worker) = port::bounded::<u32, ()>(2);
    /// assert_eq!(main.force_send(1), Ok(None));
    /// assert_eq!(main.force_send(2), Ok(None));
    /// assert_eq!(main.force_send(3), Ok(Some(1)));
    /// assert_eq!(worker.recv(), Ok(2));
    /// ```
    pub fn force_send(&self, message: Out) -> Result<Option<Out>, SendError<Out>> {
        self.outbound.force_send(message)
    }

    /// Sends all of `batch`, in order, and leaves it empty. Blocks as
    /// [`send`](Self::send) does, but takes the port's lock once for as many messages
    /// as there is room for.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`] once the other side has hung up. The messages that were
    /// not sent are still in `batch`.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::port;
    ///
    /// let (main, worker) = port::bounded::<u32, ()>(64);
    /// main.send_batch(&mut vec![1, 2, 3]).unwrap();
    /// let mut received = Vec::new();
    /// assert_eq!(worker.recv_batch(&mut received, 2), Ok(2));
    /// assert_eq!(received, [1, 2]);
    /// ```
    pub fn send_batch(&self, batch: &mut Vec<Out>) -> Result<(), SendError<()>> {
        self.outbound.send_batch(batch)
    }

    /// Sends as many messages from the front of `batch` as there is room for now, and
    /// returns how many. Never blocks. The others stay in `batch`.
    ///
    /// # Errors
    ///
    /// Returns [`TrySendError`] if there is room for none, or the other side has hung
    /// up.
    pub fn try_send_batch(&self, batch: &mut Vec<Out>) -> Result<usize, TrySendError<()>> {
        self.outbound.try_send_batch(batch)
    }

    /// Receives the oldest message. Blocks until there is one, or the other side
    /// has hung up and everything it sent is read.
    ///
    /// # Errors
    ///
    /// Returns [`RecvError`] in the latter case.
    pub fn recv(&self) -> Result<In, RecvError> {
        self.inbound.recv()
    }

    /// Receives the oldest message if there is one. Never blocks.
    ///
    /// # Errors
    ///
    /// Returns [`TryRecvError`]: nothing is there yet, or never will be.
    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        self.inbound.try_recv()
    }

    /// Receives the oldest message. Blocks until there is one, the other side has
    /// hung up, or `timeout` has passed.
    ///
    /// # Errors
    ///
    /// Returns [`RecvTimeoutError`] in the latter two cases.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        self.inbound.recv_timeout(timeout)
    }

    /// Receives the oldest message. The task, not the thread, waits.
    ///
    /// Dropping the future before it is ready loses no message.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub async fn recv_async(&self) -> Result<In, RecvError> {
        self.inbound.recv_async().await
    }

    /// Receives at least one and at most `max` messages, and appends them to `batch`.
    /// Blocks as [`recv`](Self::recv) does until there is one; takes then what is
    /// there. Returns how many.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Panics
    ///
    /// If `max` is 0: it could only wait for nothing.
    pub fn recv_batch(&self, batch: &mut Vec<In>, max: usize) -> Result<usize, RecvError> {
        assert!(max > 0, "a batch of 0 messages is never complete");
        self.inbound.recv_batch(batch, max)
    }

    /// Appends up to `max` messages that are there now to `batch`, and returns how many.
    /// Never blocks.
    ///
    /// # Errors
    ///
    /// As [`try_recv`](Self::try_recv).
    ///
    /// # Panics
    ///
    /// If `max` is 0.
    pub fn try_recv_batch(&self, batch: &mut Vec<In>, max: usize) -> Result<usize, TryRecvError> {
        assert!(max > 0, "a batch of 0 messages is never complete");
        self.inbound.try_recv_batch(batch, max)
    }

    /// The messages as they come. `next` blocks as [`recv`](Self::recv) does; the
    /// iterator ends when the other side has hung up and everything is read.
    pub fn iter(&self) -> impl Iterator<Item = In> + '_ {
        iter::from_fn(|| self.recv().ok())
    }

    /// Tells the other side that no more messages will come from here, and goes on
    /// receiving. The other side reads the rest, and then gets `Disconnected`. Further
    /// sends of this side hand their message back.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::{port, thread};
    ///
    /// let (main, worker) = port::pair::<u32, u32>();
    /// let thread = thread::spawn(move || {
    ///     let sum = worker.iter().sum();
    ///     worker.send(sum).unwrap();
    /// });
    /// main.send_batch(&mut vec![1, 2, 3]).unwrap();
    /// main.finish();
    /// assert_eq!(main.recv(), Ok(6));
    /// thread.join().unwrap();
    /// ```
    pub fn finish(&self) {
        self.outbound.close_sender();
    }

    /// Hangs up and gives back the messages that this side has not read. Dropping the
    /// port would drop them.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::port;
    ///
    /// let (main, worker) = port::pair::<&str, ()>();
    /// main.send("never read").unwrap();
    /// assert_eq!(worker.close(), ["never read"]);
    /// assert!(main.send("too late").is_err());
    /// ```
    #[must_use = "dropping the port hangs up as well"]
    pub fn close(self) -> Vec<In> {
        self.inbound.close_receiver().into()
    }

    /// How many messages wait to be received here. Other threads may change that at
    /// any time. At a rendezvous port, how many senders wait.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.inbound.len()
    }

    /// Whether the other side has hung up or [finished](Self::finish): no more messages
    /// will come. There may still be some to read.
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        self.inbound.is_sender_gone()
    }

    fn inbound(&self) -> &Link<In> {
        &self.inbound
    }
}

impl<Out, In> Drop for Port<Out, In> {
    fn drop(&mut self) {
        // In this order: a side that has seen `recv` fail will see `send` fail too. Unread
        // messages are foreign code, and dropped last.
        let unread = self.inbound.close_receiver();
        self.outbound.close_sender();
        drop(unread);
    }
}

impl<Out, In> fmt::Debug for Port<Out, In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port")
            .field("unread", &self.unread())
            .field("disconnected", &self.is_disconnected())
            .finish()
    }
}
