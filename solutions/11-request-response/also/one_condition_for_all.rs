//! Also right: one list, one lock, one condition variable for all callers.
//!
//! The outcome waits in the list until its caller takes it out. Shorter, and each
//! reply wakes everybody who waits.

use std::collections::HashMap;
use std::fmt;

use wt_core::channel::{Receiver, Sender};
use wt_core::sync::{Arc, Condvar, Mutex};
use wt_core::thread;
use wt_core::time::{Clock, Duration, Instant};

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
    requests: Sender<Request>,
    clock: Arc<dyn Clock>,
    board: Arc<Board>,
}

#[derive(Default)]
struct Board {
    notes: Mutex<Notes>,
    changed: Condvar,
}

#[derive(Default)]
struct Notes {
    last_id: u64,
    closed: bool,
    calls: HashMap<u64, Note>,
}

struct Note {
    deadline: Instant,
    outcome: Option<Result<String, CallError>>,
}

impl Client {
    /// A client that sends to `requests` and takes from `replies`.
    pub fn connect(
        requests: Sender<Request>,
        replies: Receiver<Reply>,
        clock: Arc<dyn Clock>,
    ) -> Client {
        let board = Arc::new(Board::default());
        let shared = Arc::clone(&board);
        thread::spawn(move || {
            for reply in &replies {
                let outcome = reply.outcome.map_err(CallError::Refused);
                shared.pin(reply.id, outcome);
            }
            shared.notes.lock().unwrap().closed = true;
            shared.changed.notify_all();
        });
        Client {
            requests,
            clock,
            board,
        }
    }

    /// Sends a request and returns at once, with something to wait for.
    pub fn call(&self, body: &str, timeout: Duration) -> Call {
        let deadline = self.clock.now() + timeout;
        let mut notes = self.board.notes.lock().unwrap();
        notes.last_id += 1;
        let id = notes.last_id;
        let outcome = None;
        notes.calls.insert(id, Note { deadline, outcome });
        drop(notes);
        let body = body.to_owned();
        if self.requests.send(Request { id, body }).is_err() {
            self.board.pin(id, Err(CallError::Disconnected));
        }
        let board = Arc::clone(&self.board);
        Call { id, board }
    }

    /// Ends every call whose deadline has come.
    pub fn expire(&self) -> usize {
        let now = self.clock.now();
        let mut notes = self.board.notes.lock().unwrap();
        let mut ended = 0;
        for note in notes.calls.values_mut() {
            if note.outcome.is_none() && note.deadline <= now {
                note.outcome = Some(Err(CallError::TimedOut));
                ended += 1;
            }
        }
        drop(notes);
        self.board.changed.notify_all();
        ended
    }

    /// How many calls wait for their reply.
    pub fn pending(&self) -> usize {
        let notes = self.board.notes.lock().unwrap();
        let open = notes.calls.values().filter(|note| note.outcome.is_none());
        if notes.closed { 0 } else { open.count() }
    }
}

impl Board {
    fn pin(&self, id: u64, outcome: Result<String, CallError>) {
        if let Some(note) = self.notes.lock().unwrap().calls.get_mut(&id) {
            // The first outcome counts: a second reply changes nothing.
            note.outcome.get_or_insert(outcome);
        }
        self.changed.notify_all();
    }
}

/// A request that is under way.
#[must_use = "the reply comes to `wait`"]
pub struct Call {
    id: u64,
    board: Arc<Board>,
}

impl Call {
    /// Waits for the reply, and sleeps meanwhile.
    pub fn wait(self) -> Result<String, CallError> {
        let mut notes = self.board.notes.lock().unwrap();
        loop {
            let closed = notes.closed;
            if let Some(outcome) = notes.calls.get_mut(&self.id).and_then(|n| n.outcome.take()) {
                return outcome;
            }
            if closed {
                return Err(CallError::Disconnected);
            }
            notes = self.board.changed.wait(notes).unwrap();
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if let Ok(mut notes) = self.board.notes.lock() {
            notes.calls.remove(&self.id);
        }
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
