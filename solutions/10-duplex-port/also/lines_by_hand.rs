//! Also right: no channel: each direction is a queue under a lock, with two conditions
//!
//! More code than two channels. In return a port that goes drops what it has not read, at
//! once; a bounded channel of crossbeam keeps it until its sender has gone, too.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::iter;

use wt_core::channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};
use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_core::time::{Duration, Instant};

#[derive(Debug)]
pub struct Port<Out, In> {
    outbound: Arc<Line<Out>>,
    inbound: Arc<Line<In>>,
}

#[derive(Debug)]
struct Line<T> {
    capacity: usize,
    state: Mutex<State<T>>,
    not_full: Condvar,
    not_empty: Condvar,
}

#[derive(Debug)]
struct State<T> {
    messages: VecDeque<T>,
    /// One of the two ports is gone.
    cut: bool,
}

/// Until when a call waits.
#[derive(Clone, Copy)]
enum Patience {
    None,
    Until(Instant),
    Endless,
}

enum Refused<T> {
    Full(T),
    Cut(T),
}

enum Nothing {
    Yet,
    Ever,
}

impl<T> Line<T> {
    fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            state: Mutex::new(State {
                messages: VecDeque::with_capacity(capacity),
                cut: false,
            }),
            not_full: Condvar::new(),
            not_empty: Condvar::new(),
        })
    }

    fn put(&self, message: T, patience: Patience) -> Result<(), Refused<T>> {
        let mut state = self.lock();
        loop {
            if state.cut {
                return Err(Refused::Cut(message));
            }
            if state.messages.len() < self.capacity {
                state.messages.push_back(message);
                self.not_empty.notify_one();
                return Ok(());
            }
            state = match sleep(&self.not_full, state, patience) {
                Some(state) => state,
                None => return Err(Refused::Full(message)),
            };
        }
    }

    fn take(&self, patience: Patience) -> Result<T, Nothing> {
        let mut state = self.lock();
        loop {
            if let Some(message) = state.messages.pop_front() {
                self.not_full.notify_one();
                return Ok(message);
            }
            if state.cut {
                return Err(Nothing::Ever);
            }
            state = match sleep(&self.not_empty, state, patience) {
                Some(state) => state,
                None => return Err(Nothing::Yet),
            };
        }
    }

    fn cut(&self) {
        self.lock().cut = true;
        self.not_full.notify_all();
        self.not_empty.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect(UNPOISONED)
    }
}

/// Sleeps at the condition, or says `None` if the time is up.
fn sleep<'a, T>(
    condition: &Condvar,
    state: MutexGuard<'a, State<T>>,
    patience: Patience,
) -> Option<MutexGuard<'a, State<T>>> {
    match patience {
        Patience::None => None,
        Patience::Endless => Some(condition.wait(state).expect(UNPOISONED)),
        Patience::Until(deadline) => {
            let left = deadline.checked_duration_since(Instant::now())?;
            if left.is_zero() {
                return None;
            }
            Some(condition.wait_timeout(state, left).expect(UNPOISONED).0)
        }
    }
}

const UNPOISONED: &str = "no code of the caller runs under this lock";

#[must_use]
pub fn pair<A, B>(capacity: usize) -> (Port<A, B>, Port<B, A>) {
    assert!(capacity > 0, "a port of capacity 0 can hold no message");
    let (there, back) = (Line::new(capacity), Line::new(capacity));
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

impl<Out, In> Port<Out, In> {
    pub fn send(&self, message: Out) -> Result<(), SendError<Out>> {
        match self.outbound.put(message, Patience::Endless) {
            Ok(()) => Ok(()),
            Err(Refused::Full(message) | Refused::Cut(message)) => Err(SendError(message)),
        }
    }

    pub fn try_send(&self, message: Out) -> Result<(), TrySendError<Out>> {
        let put = self.outbound.put(message, Patience::None);
        put.map_err(|refused| match refused {
            Refused::Full(message) => TrySendError::Full(message),
            Refused::Cut(message) => TrySendError::Disconnected(message),
        })
    }

    pub fn send_timeout(
        &self,
        message: Out,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<Out>> {
        let put = self.outbound.put(message, until(timeout));
        put.map_err(|refused| match refused {
            Refused::Full(message) => SendTimeoutError::Timeout(message),
            Refused::Cut(message) => SendTimeoutError::Disconnected(message),
        })
    }

    pub fn recv(&self) -> Result<In, RecvError> {
        self.inbound.take(Patience::Endless).map_err(|_| RecvError)
    }

    pub fn try_recv(&self) -> Result<In, TryRecvError> {
        let taken = self.inbound.take(Patience::None);
        taken.map_err(|nothing| match nothing {
            Nothing::Yet => TryRecvError::Empty,
            Nothing::Ever => TryRecvError::Disconnected,
        })
    }

    pub fn recv_timeout(&self, timeout: Duration) -> Result<In, RecvTimeoutError> {
        let taken = self.inbound.take(until(timeout));
        taken.map_err(|nothing| match nothing {
            Nothing::Yet => RecvTimeoutError::Timeout,
            Nothing::Ever => RecvTimeoutError::Disconnected,
        })
    }

    pub fn iter(&self) -> impl Iterator<Item = In> + '_ {
        iter::from_fn(|| self.recv().ok())
    }
}

fn until(timeout: Duration) -> Patience {
    Instant::now()
        .checked_add(timeout)
        .map_or(Patience::Endless, Patience::Until)
}

impl<Out, In> Drop for Port<Out, In> {
    fn drop(&mut self) {
        self.outbound.cut();
        self.inbound.cut();
        // Dropped outside of the lock: a message may be a port, which takes locks of its own.
        let unread = std::mem::take(&mut self.inbound.lock().messages);
        drop(unread);
    }
}

pub fn introduce<A, B, X, Y>(
    one: &Port<Port<A, B>, X>,
    other: &Port<Port<B, A>, Y>,
    capacity: usize,
) -> Result<(), Absent> {
    let (left, right) = pair(capacity);
    match (other.send(right), one.send(left)) {
        (Ok(()), Ok(())) => Ok(()),
        _ => Err(Absent),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absent;

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of the two workers has hung up")
    }
}

impl Error for Absent {}
