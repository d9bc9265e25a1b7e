//! Questions and answers over a wire that carries messages.
//!
//! A channel delivers messages. It does not know that the third message of one
//! channel answers the first message of another. [`Client`] does: it gives each
//! request a number, remembers who waits for it, and brings the reply with the
//! same number to the thread that asked.
//!
//! You may use `wt_core::{thread, channel, sync, time}` and std.

use std::fmt;

use wt_core::channel::{Receiver, Sender};
use wt_core::sync::Arc;
use wt_core::time::{Clock, Duration};

/// What goes to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Chosen by the client: 1, 2, 3 and so on. No number is used twice.
    pub id: u64,
    /// The question.
    pub body: String,
}

/// What comes back, at any time and in any order, or never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The number of the request that is answered.
    pub id: u64,
    /// The answer, or the server's reason why there is none.
    pub outcome: Result<String, String>,
}

/// Asks a server, from any number of threads.
pub struct Client {
    // Who waits for which number, until when, and how is he told?
}

impl Client {
    /// A client that sends to `requests` and takes from `replies`.
    ///
    /// Starts one thread, which takes replies for as long as somebody can send one.
    pub fn connect(
        requests: Sender<Request>,
        replies: Receiver<Reply>,
        clock: Arc<dyn Clock>,
    ) -> Client {
        drop((requests, replies, clock));
        todo!("start the thread that takes replies")
    }

    /// Sends a request and returns at once, with something to wait for.
    ///
    /// Blocks only while the wire has no room for the request. The call's deadline
    /// is `timeout` from now, on the client's clock.
    pub fn call(&self, body: &str, timeout: Duration) -> Call {
        todo!("number {body:?}, remember it for {timeout:?}, send it")
    }

    /// Ends every call whose deadline has come, with [`CallError::TimedOut`], and
    /// returns how many these were.
    ///
    /// Nobody else looks at the clock: whoever owns the client calls this at
    /// regular intervals.
    pub fn expire(&self) -> usize {
        todo!("find the calls whose time is over")
    }

    /// How many calls the client remembers, because they wait for their reply.
    pub fn pending(&self) -> usize {
        todo!("count them")
    }
}

/// A request that is under way. Whoever drops it does not want the reply any more.
#[must_use = "the reply comes to `wait`"]
pub struct Call {
    // What does the caller hold while it waits?
}

impl Call {
    /// Waits for the reply, and sleeps meanwhile.
    ///
    /// # Errors
    ///
    /// [`CallError`] says why there is no answer.
    pub fn wait(self) -> Result<String, CallError> {
        todo!("sleep until the call is over")
    }
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// The server said no; its reason is inside.
    Refused(String),
    /// The deadline came first.
    TimedOut,
    /// The server has gone: no reply will come.
    Disconnected,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => write!(f, "the server refused: {reason}"),
            Self::TimedOut => f.write_str("no reply came before the deadline"),
            Self::Disconnected => f.write_str("the server has gone"),
        }
    }
}

impl std::error::Error for CallError {}
