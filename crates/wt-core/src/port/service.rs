//! Request-response: a client asks, a server answers.
//!
//! Each request carries its own reply channel, the actor pattern of Erlang's
//! `gen_server:call`. So no correlation ids are needed: replies may come in any
//! order, and a late one cannot reach the wrong caller.

use std::fmt;

use wt_sync::sync::Arc;
use wt_sync::time::{Duration, Instant};

use super::error::{CallError, RecvError, RecvTimeoutError, SendError, TryRecvError};
use super::link::Link;

/// Makes a connected client and server.
///
/// # Examples
///
/// ```
/// use wt_core::{port, thread};
///
/// let (client, server) = port::service::<String, usize>();
/// let thread = thread::spawn(move || {
///     while let Ok(request) = server.recv() {
///         let length = request.message().len();
///         let _ = request.reply(length);
///     }
/// });
/// assert_eq!(client.call("four".to_owned()).unwrap(), 4);
/// drop(client);
/// thread.join().unwrap();
/// ```
#[must_use]
pub fn service<Req, Rep>() -> (Client<Req, Rep>, Server<Req, Rep>) {
    let requests = Link::new(None);
    let client = Client {
        asking: Arc::new(Asking(Arc::clone(&requests))),
    };
    (client, Server { requests })
}

/// The asking side. Clones ask the same server.
pub struct Client<Req, Rep> {
    asking: Arc<Asking<Req, Rep>>,
}

/// Goes with the last client.
struct Asking<Req, Rep>(Arc<Link<Request<Req, Rep>>>);

impl<Req, Rep> Drop for Asking<Req, Rep> {
    fn drop(&mut self) {
        self.0.close_sender();
    }
}

impl<Req, Rep> Client<Req, Rep> {
    /// Sends `request` and blocks until its reply comes or cannot come any more.
    ///
    /// # Errors
    ///
    /// [`CallError::Disconnected`] with the request inside if the server is gone,
    /// [`CallError::NoReply`] if the request was dropped, by the server or
    /// together with it.
    pub fn call(&self, request: Req) -> Result<Rep, CallError<Req>> {
        let reply = self.ask(request)?;
        reply.recv().map_err(|_| CallError::NoReply)
    }

    /// As [`call`](Self::call), for at most `timeout`.
    ///
    /// After a timeout the request may still be queued: a server can skip it with
    /// [`Request::is_abandoned`]. Its reply goes nowhere.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call), and [`CallError::Timeout`].
    pub fn call_timeout(&self, request: Req, timeout: Duration) -> Result<Rep, CallError<Req>> {
        let deadline = Instant::now().checked_add(timeout);
        let reply = self.ask(request)?;
        let Some(deadline) = deadline else {
            return reply.recv().map_err(|_| CallError::NoReply);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        reply.recv_timeout(left).map_err(|error| match error {
            flume::RecvTimeoutError::Timeout => CallError::Timeout,
            flume::RecvTimeoutError::Disconnected => CallError::NoReply,
        })
    }

    /// As [`call`](Self::call), but the task waits, not the thread. Dropping the
    /// future abandons the request.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub async fn call_async(&self, request: Req) -> Result<Rep, CallError<Req>> {
        let reply = self.ask(request)?;
        reply
            .into_recv_async()
            .await
            .map_err(|_| CallError::NoReply)
    }

    fn ask(&self, message: Req) -> Result<flume::Receiver<Rep>, CallError<Req>> {
        let (sender, receiver) = flume::bounded(1);
        let request = Request {
            message,
            reply_to: ReplyTo { sender },
        };
        self.asking
            .0
            .send(request)
            .map_err(|SendError(request)| CallError::Disconnected(request.message))?;
        Ok(receiver)
    }
}

impl<Req, Rep> Clone for Client<Req, Rep> {
    fn clone(&self) -> Self {
        Self {
            asking: Arc::clone(&self.asking),
        }
    }
}

/// The answering side. Share it by reference to answer from several threads;
/// each request is received once.
///
/// Dropping the server drops the requests it has not received, and their callers
/// get [`CallError::NoReply`].
pub struct Server<Req, Rep> {
    requests: Arc<Link<Request<Req, Rep>>>,
}

impl<Req, Rep> Server<Req, Rep> {
    /// Receives the oldest request. Blocks until there is one, or the last client
    /// is gone and everything is received.
    ///
    /// # Errors
    ///
    /// Returns [`RecvError`] in the latter case.
    pub fn recv(&self) -> Result<Request<Req, Rep>, RecvError> {
        self.requests.recv()
    }

    /// Receives the oldest request if there is one. Never blocks.
    ///
    /// # Errors
    ///
    /// Returns [`TryRecvError`]: nothing is there yet, or never will be.
    pub fn try_recv(&self) -> Result<Request<Req, Rep>, TryRecvError> {
        self.requests.try_recv()
    }

    /// Receives the oldest request. Blocks until there is one, the last client is
    /// gone, or `timeout` has passed.
    ///
    /// # Errors
    ///
    /// Returns [`RecvTimeoutError`] in the latter two cases.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Request<Req, Rep>, RecvTimeoutError> {
        self.requests.recv_timeout(timeout)
    }

    /// Receives the oldest request. The task, not the thread, waits.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub async fn recv_async(&self) -> Result<Request<Req, Rep>, RecvError> {
        self.requests.recv_async().await
    }
}

impl<Req, Rep> Server<Req, Rep> {
    pub(super) fn requests(&self) -> &Link<Request<Req, Rep>> {
        &self.requests
    }
}

impl<Req, Rep> Drop for Server<Req, Rep> {
    fn drop(&mut self) {
        // The callers of unread requests are told by dropping these.
        drop(self.requests.close_receiver());
    }
}

/// One question, and the way back to the one who asked it.
///
/// Dropping it tells the caller [`CallError::NoReply`].
#[must_use = "dropping a request leaves its caller without a reply"]
pub struct Request<Req, Rep> {
    message: Req,
    reply_to: ReplyTo<Rep>,
}

impl<Req, Rep> Request<Req, Rep> {
    /// What was asked.
    pub fn message(&self) -> &Req {
        &self.message
    }

    /// Takes the request apart, to own the message or to reply from elsewhere.
    pub fn into_parts(self) -> (Req, ReplyTo<Rep>) {
        (self.message, self.reply_to)
    }

    /// Whether the caller has stopped waiting, so that an answer would be lost.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.reply_to.is_abandoned()
    }

    /// Answers. Never blocks.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`], with the reply inside, if the caller has stopped
    /// waiting.
    pub fn reply(self, reply: Rep) -> Result<(), SendError<Rep>> {
        self.reply_to.send(reply)
    }
}

/// The way back to one caller. It works once.
#[must_use = "dropping it leaves a caller without a reply"]
pub struct ReplyTo<Rep> {
    sender: flume::Sender<Rep>,
}

impl<Rep> ReplyTo<Rep> {
    /// Answers. Never blocks: there is room for the one reply.
    ///
    /// # Errors
    ///
    /// Returns [`SendError`], with the reply inside, if the caller has stopped
    /// waiting.
    pub fn send(self, reply: Rep) -> Result<(), SendError<Rep>> {
        self.sender.send(reply).map_err(|error| SendError(error.0))
    }

    /// Whether the caller has stopped waiting.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.sender.is_disconnected()
    }
}

impl<Req, Rep> fmt::Debug for Client<Req, Rep> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl<Req, Rep> fmt::Debug for Server<Req, Rep> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("unread", &self.requests.len())
            .finish()
    }
}

impl<Req, Rep> fmt::Debug for Request<Req, Rep> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("abandoned", &self.is_abandoned())
            .finish_non_exhaustive()
    }
}

impl<Rep> fmt::Debug for ReplyTo<Rep> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTo")
            .field("abandoned", &self.is_abandoned())
            .finish()
    }
}
