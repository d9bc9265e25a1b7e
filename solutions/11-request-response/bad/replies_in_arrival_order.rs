//! Must fail: replies_reach_their_callers (wrong), a_late_reply_harms_nobody (wrong), a_reply_may_come_before_call_returns (wrong), the_wire_log (wrong)
//! Redact: numbers
//! Hint: Your client gives each reply to the caller who has waited longest. What if the server needs longer for the first question than for the second?
//!
//! The mistake: the waiting callers stand in a queue, and each reply goes to the
//! first of them. The number in the reply is not read.

use std::collections::HashMap;
use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Arc, Mutex, MutexGuard};
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
    calls: Arc<Mutex<Calls>>,
}

/// Who waits for which number.
///
/// A call is over when its entry is taken out, and only one can take it: the reply,
/// the deadline, the hang-up or the caller who has lost interest. So nobody has to
/// ask which of them came first.
#[derive(Default)]
struct Calls {
    last_id: u64,
    /// True once no reply can come any more. Under the same lock as the entries, or a
    /// call could be entered behind the back of the thread that ends them all.
    closed: bool,
    waiting: HashMap<u64, Waiting>,
}

struct Waiting {
    deadline: Instant,
    /// Has room for the one outcome, so nobody blocks here under the lock. Dropped
    /// without one it says `Disconnected`.
    caller: Sender<Outcome>,
}

type Outcome = Result<String, CallError>;

impl Client {
    /// A client that sends to `requests` and takes from `replies`.
    ///
    /// Starts one thread, which takes replies for as long as somebody can send one.
    pub fn connect(
        requests: Sender<Request>,
        replies: Receiver<Reply>,
        clock: Arc<dyn Clock>,
    ) -> Client {
        let calls = Arc::new(Mutex::new(Calls::default()));
        let shared = Arc::clone(&calls);
        thread::spawn(move || {
            for Reply { outcome, .. } in replies {
                // A late reply finds no entry, and nobody is disturbed.
                let mut calls = lock(&shared);
                let first = calls.waiting.keys().min().copied();
                if let Some(call) = first.and_then(|first| calls.waiting.remove(&first)) {
                    let _ = call.caller.send(outcome.map_err(CallError::Refused));
                }
            }
            let mut calls = lock(&shared);
            calls.closed = true;
            calls.waiting.clear();
        });
        Client {
            requests,
            clock,
            calls,
        }
    }

    /// Sends a request and returns at once, with something to wait for.
    ///
    /// Blocks only while the wire has no room for the request. The call's deadline
    /// is `timeout` from now, on the client's clock.
    pub fn call(&self, body: &str, timeout: Duration) -> Call {
        let (caller, answer) = channel::bounded(1);
        let deadline = self.clock.now() + timeout;
        // Entered before it is sent: the reply may be faster than this thread.
        let id = lock(&self.calls).enter(Waiting { deadline, caller });
        let body = body.to_owned();
        // The lock is free here: a full wire must not keep replies from their callers.
        if self.requests.send(Request { id, body }).is_err() {
            lock(&self.calls).waiting.remove(&id);
        }
        Call {
            id,
            answer,
            calls: Arc::clone(&self.calls),
        }
    }

    /// Ends every call whose deadline has come, with [`CallError::TimedOut`], and
    /// returns how many these were.
    ///
    /// Nobody else looks at the clock: whoever owns the client calls this at
    /// regular intervals.
    pub fn expire(&self) -> usize {
        let now = self.clock.now();
        let mut calls = lock(&self.calls);
        let overdue = calls.waiting.extract_if(|_, call| call.deadline <= now);
        let overdue: Vec<_> = overdue.collect();
        for (_, call) in &overdue {
            let _ = call.caller.send(Err(CallError::TimedOut));
        }
        overdue.len()
    }

    /// How many calls the client remembers, because they wait for their reply.
    pub fn pending(&self) -> usize {
        lock(&self.calls).waiting.len()
    }
}

impl Calls {
    fn enter(&mut self, call: Waiting) -> u64 {
        self.last_id += 1;
        if !self.closed {
            self.waiting.insert(self.last_id, call);
        }
        self.last_id
    }
}

fn lock(calls: &Mutex<Calls>) -> MutexGuard<'_, Calls> {
    calls.lock().expect("nothing panics under this lock")
}

/// A request that is under way. Whoever drops it does not want the reply any more.
#[must_use = "the reply comes to `wait`"]
pub struct Call {
    id: u64,
    answer: Receiver<Outcome>,
    calls: Arc<Mutex<Calls>>,
}

impl Call {
    /// Waits for the reply, and sleeps meanwhile.
    ///
    /// # Errors
    ///
    /// [`CallError`] says why there is no answer.
    pub fn wait(self) -> Result<String, CallError> {
        self.answer.recv().unwrap_or(Err(CallError::Disconnected))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        lock(&self.calls).waiting.remove(&self.id);
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
