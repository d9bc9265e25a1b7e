//! What can go wrong at a port. Errors of sending hand the message back.

use std::error::Error;
use std::fmt;

/// The other side has hung up; the message inside was not sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

/// Why [`try_send`](super::Port::try_send) sent nothing, with the message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// There is no room now.
    Full(T),
    /// The other side has hung up.
    Disconnected(T),
}

/// Why [`send_timeout`](super::Port::send_timeout) sent nothing, with the
/// message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendTimeoutError<T> {
    /// There was no room in time.
    Timeout(T),
    /// The other side has hung up.
    Disconnected(T),
}

/// The other side has hung up, and everything it sent is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvError;

/// Why [`try_recv`](super::Port::try_recv) received nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// Nothing is there now.
    Empty,
    /// The other side has hung up, and everything it sent is read.
    Disconnected,
}

/// Why [`recv_timeout`](super::Port::recv_timeout) received nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// Nothing came in time.
    Timeout,
    /// The other side has hung up, and everything it sent is read.
    Disconnected,
}

/// Why a [`Client`](super::Client) got no reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CallError<Req> {
    /// The server was gone before it could be asked. The request comes back.
    Disconnected(Req),
    /// The request was dropped without a reply, by the server or with it.
    NoReply,
    /// The reply did not come in time. It may still be computed, for nobody.
    Timeout,
}

impl<T> SendError<T> {
    /// The message that was not sent.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> TrySendError<T> {
    /// The message that was not sent.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(message) | Self::Disconnected(message) => message,
        }
    }
}

impl<T> SendTimeoutError<T> {
    /// The message that was not sent.
    pub fn into_inner(self) -> T {
        match self {
            Self::Timeout(message) | Self::Disconnected(message) => message,
        }
    }
}

const HUNG_UP: &str = "the other side has hung up";

/// `Debug` without asking the message for it, so that `unwrap` works for all.
macro_rules! impl_error_with_message {
    ($($error:ident { $($pattern:pat => $debug:literal, $text:expr;)+ })+) => { $(
        impl<T> fmt::Debug for $error<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($pattern => $debug,)+ })
            }
        }

        impl<T> fmt::Display for $error<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($pattern => $text,)+ })
            }
        }

        impl<T> Error for $error<T> {}
    )+ };
}

impl_error_with_message! {
    SendError {
        Self(_) => "SendError(..)", HUNG_UP;
    }
    TrySendError {
        Self::Full(_) => "Full(..)", "the port is full";
        Self::Disconnected(_) => "Disconnected(..)", HUNG_UP;
    }
    SendTimeoutError {
        Self::Timeout(_) => "Timeout(..)", "the port stayed full until the timeout";
        Self::Disconnected(_) => "Disconnected(..)", HUNG_UP;
    }
    CallError {
        Self::Disconnected(_) => "Disconnected(..)", "the server is gone";
        Self::NoReply => "NoReply", "the server dropped the request without a reply";
        Self::Timeout => "Timeout", "the server did not reply in time";
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HUNG_UP)
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "there is no message yet",
            Self::Disconnected => HUNG_UP,
        })
    }
}

impl fmt::Display for RecvTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "no message came before the timeout",
            Self::Disconnected => HUNG_UP,
        })
    }
}

impl Error for RecvError {}
impl Error for TryRecvError {}
impl Error for RecvTimeoutError {}
