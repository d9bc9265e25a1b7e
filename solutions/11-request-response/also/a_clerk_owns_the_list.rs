//! Also right: no lock. The thread that takes replies owns the list, and everybody
//! else asks it by message.

use std::collections::HashMap;
use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::Arc;
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
    clerk: Sender<Order>,
}

type Outcome = Result<String, CallError>;

/// What the clerk is asked to do; the sender inside is for its answer.
enum Order {
    Enter(Instant, Sender<Outcome>, Sender<u64>),
    Leave(u64),
    Expire(Instant, Sender<usize>),
    Count(Sender<usize>),
}

#[derive(Default)]
struct Clerk {
    last_id: u64,
    waiting: HashMap<u64, (Instant, Sender<Outcome>)>,
}

impl Client {
    /// A client that sends to `requests` and takes from `replies`.
    pub fn connect(
        requests: Sender<Request>,
        replies: Receiver<Reply>,
        clock: Arc<dyn Clock>,
    ) -> Client {
        let (clerk, orders) = channel::unbounded();
        thread::spawn(move || Clerk::default().run(&orders, &replies));
        Client {
            requests,
            clock,
            clerk,
        }
    }

    /// Sends a request and returns at once, with something to wait for.
    pub fn call(&self, body: &str, timeout: Duration) -> Call {
        let (caller, answer) = channel::bounded(1);
        let deadline = self.clock.now() + timeout;
        let id = self.ask(|reply| Order::Enter(deadline, caller, reply));
        let body = body.to_owned();
        // 0: the clerk has gone, and with it the other end of `answer`.
        if id != 0 && self.requests.send(Request { id, body }).is_err() {
            let _ = self.clerk.send(Order::Leave(id));
        }
        Call {
            id,
            answer,
            clerk: self.clerk.clone(),
        }
    }

    /// Ends every call whose deadline has come.
    pub fn expire(&self) -> usize {
        let now = self.clock.now();
        self.ask(|reply| Order::Expire(now, reply))
    }

    /// How many calls wait for their reply.
    pub fn pending(&self) -> usize {
        self.ask(Order::Count)
    }

    /// Nothing, once the clerk has gone.
    fn ask<T: Default>(&self, order: impl FnOnce(Sender<T>) -> Order) -> T {
        let (reply, answer) = channel::bounded(1);
        let _ = self.clerk.send(order(reply));
        answer.recv().unwrap_or_default()
    }
}

impl Clerk {
    fn run(mut self, orders: &Receiver<Order>, replies: &Receiver<Reply>) {
        let mut open = true;
        while open {
            channel::select! {
                recv(replies) -> reply => match reply {
                    Ok(reply) => self.deliver(reply),
                    Err(_) => open = false,
                },
                recv(orders) -> order => match order {
                    Ok(order) => self.obey(order),
                    // Nobody asks any more; what still comes is for nobody.
                    Err(_) => open = replies.recv().is_ok(),
                },
            }
        }
    }

    fn deliver(&mut self, reply: Reply) {
        if let Some((_, caller)) = self.waiting.remove(&reply.id) {
            let _ = caller.send(reply.outcome.map_err(CallError::Refused));
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Enter(deadline, caller, reply) => {
                self.last_id += 1;
                self.waiting.insert(self.last_id, (deadline, caller));
                let _ = reply.send(self.last_id);
            }
            Order::Leave(id) => {
                self.waiting.remove(&id);
            }
            Order::Expire(now, reply) => {
                let before = self.waiting.len();
                self.waiting.retain(|_, (deadline, caller)| {
                    let overdue = *deadline <= now;
                    if overdue {
                        let _ = caller.send(Err(CallError::TimedOut));
                    }
                    !overdue
                });
                let _ = reply.send(before - self.waiting.len());
            }
            Order::Count(reply) => {
                let _ = reply.send(self.waiting.len());
            }
        }
    }
}

/// A request that is under way.
#[must_use = "the reply comes to `wait`"]
pub struct Call {
    id: u64,
    answer: Receiver<Outcome>,
    clerk: Sender<Order>,
}

impl Call {
    /// Waits for the reply, and sleeps meanwhile.
    pub fn wait(self) -> Result<String, CallError> {
        self.answer.recv().unwrap_or(Err(CallError::Disconnected))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let _ = self.clerk.send(Order::Leave(self.id));
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
