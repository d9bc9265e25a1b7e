//! Must fail: send_waits_while_there_is_no_room (wrong), one_thread_sends_while_another_receives (wrong)
//! Hint: A thread sleeps in your `recv` and holds the lock. What else is behind that lock?
//!
//! The mistake: both ends of a port are behind one `Mutex`, to make it shareable, which it was
//! already. A thread that waits in `recv` waits with the lock in its hand, and nobody can send.

use std::error::Error;
use std::fmt;
use std::iter;

use wt_core::channel::{
    self, Receiver, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Sender, TryRecvError,
    TrySendError,
};
use wt_core::sync::Mutex;
use wt_core::time::Duration;

#[derive(Debug)]
pub struct Port<Out, In> {
    ends: Mutex<(Sender<Out>, Receiver<In>)>,
}

#[must_use]
pub fn pair<A, B>(capacity: usize) -> (Port<A, B>, Port<B, A>) {
    assert!(capacity > 0, "a port of capacity 0 can hold no message");
    let (a_tx, a_rx) = channel::bounded(capacity);
    let (b_tx, b_rx) = channel::bounded(capacity);
    let left = Port {
        ends: Mutex::new((a_tx, b_rx)),
    };
    let right = Port {
        ends: Mutex::new((b_tx, a_rx)),
    };
    (left, right)
}

impl<Out, In> Port<Out, In> {
    pub fn send(&self, message: Out) -> Result<(), SendError<Out>> {
        self.ends.lock().expect(UNPOISONED).0.send(message)
    }

    pub fn try_send(&self, message: Out) -> Result<(), TrySendError<Out>> {
        self.ends.lock().expect(UNPOISONED).0.try_send(message)
    }

    pub fn send_timeout(
        &self,
        message: Out,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<Out>> {
        let ends = self.ends.lock().expect(UNPOISONED);
        ends.0.send_timeout(message, timeout)
    }

    pub fn recv(&self) -> Result<In, RecvError> {
        self.ends.lock().expect(UNPOISONED).1.recv()
    }

    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        self.ends.lock().expect(UNPOISONED).1.try_recv()
    }

    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        self.ends.lock().expect(UNPOISONED).1.recv_timeout(timeout)
    }

    pub fn iter(&self) -> impl Iterator<Item = In> + '_ {
        iter::from_fn(|| self.recv().ok())
    }
}

const UNPOISONED: &str = "no code of the caller runs under this lock";

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
