//! Must fail: a_running_job_sees_that_it_is_cancelled (wrong), a_running_job_sees_its_deadline (wrong)
//! Hint: You ask before the job begins, and the running job is told what was true then. How does it hear of what happens later?
//!
//! The mistake: the job gets a token of its own, which nobody cancels.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{Receiver, Sender, bounded, unbounded};
use wt_core::sync::atomic::{AtomicBool, Ordering};
use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::{Clock, Duration, Instant};

#[derive(Debug)]
pub struct Budget {
    total: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    free: usize,
    next: u64,
    served: u64,
}

#[derive(Debug)]
#[must_use = "the bytes go back at once if nobody keeps the permit"]
pub struct Permit<'a> {
    budget: &'a Budget,
    bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl Budget {
    pub fn new(total: usize) -> Self {
        Self {
            total,
            state: Mutex::new(State {
                free: total,
                next: 0,
                served: 0,
            }),
            changed: Condvar::new(),
        }
    }

    pub fn acquire(&self, bytes: usize) -> Result<Permit<'_>, TooLarge> {
        if bytes > self.total {
            return Err(TooLarge);
        }
        let mut state = self.lock();
        let ticket = state.next;
        state.next += 1;
        while state.served != ticket || state.free < bytes {
            state = self.changed.wait(state).expect(UNPOISONED);
        }
        state.served += 1;
        state.free -= bytes;
        // The next one in the line may fit, too.
        self.changed.notify_all();
        Ok(Permit {
            budget: self,
            bytes,
        })
    }

    pub fn free(&self) -> usize {
        self.lock().free
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }
}

impl Permit<'_> {
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.budget.lock().free += self.bytes;
        self.budget.changed.notify_all();
    }
}

const UNPOISONED: &str = "no code of the caller runs under this lock";

#[derive(Clone)]
pub struct CancelToken {
    cancelled: Arc<AtomicBool>,
    deadline: Option<Instant>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDone {
    Expired,
    Cancelled,
    Panicked,
}

impl CancelToken {
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    pub fn is_cancelled(&self) -> bool {
        self.reason().is_some()
    }

    fn reason(&self) -> Option<NotDone> {
        if self.cancelled.load(Ordering::Acquire) {
            Some(NotDone::Cancelled)
        } else if self.deadline.is_some_and(|end| self.clock.now() >= end) {
            Some(NotDone::Expired)
        } else {
            None
        }
    }
}

fn run<T>(token: &CancelToken, job: impl FnOnce(&CancelToken) -> T) -> Result<T, NotDone> {
    if let Some(reason) = token.reason() {
        return Err(reason);
    }
    let token = &CancelToken {
        cancelled: Arc::default(),
        deadline: None,
        clock: Arc::clone(&token.clock),
    };
    catch_unwind(AssertUnwindSafe(|| job(token))).map_err(|_| NotDone::Panicked)
}

type Task = Box<dyn FnOnce() + Send>;

pub struct Jobs {
    clock: Arc<dyn Clock>,
    queue: Option<Sender<Task>>,
    worker: Option<JoinHandle<()>>,
}

pub struct Ticket<T> {
    token: CancelToken,
    result: Receiver<Result<T, NotDone>>,
}

impl Jobs {
    pub fn start(clock: Arc<dyn Clock>) -> Self {
        let (queue, tasks) = unbounded::<Task>();
        let worker = thread::Builder::new().name("worker".into());
        let worker = worker.spawn(move || tasks.into_iter().for_each(|task| task()));
        Self {
            clock,
            queue: Some(queue),
            worker: Some(worker.expect("a thread starts")),
        }
    }

    pub fn submit<T: Send + 'static>(
        &self,
        limit: Option<Duration>,
        job: impl FnOnce(&CancelToken) -> T + Send + 'static,
    ) -> Ticket<T> {
        let token = CancelToken {
            cancelled: Arc::default(),
            deadline: limit.map(|limit| self.clock.now() + limit),
            clock: Arc::clone(&self.clock),
        };
        let (sender, result) = bounded(1);
        let own = token.clone();
        let task: Task = Box::new(move || {
            // Whoever has dropped the ticket does not want the value.
            let _ = sender.send(run(&own, job));
        });
        if let Some(queue) = &self.queue {
            // A worker that is gone drops the task; the ticket says so.
            let _ = queue.send(task);
        }
        Ticket { token, result }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

impl<T> Ticket<T> {
    pub fn cancel(&self) {
        self.token.cancel();
    }

    pub fn wait(self) -> Result<T, NotDone> {
        self.result.recv().unwrap_or(Err(NotDone::Panicked))
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("cancelled", &self.cancelled)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the whole budget is smaller than this request")
    }
}

impl Error for TooLarge {}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "its deadline passed before it began",
            Self::Cancelled => "it was cancelled before it began",
            Self::Panicked => "it panicked",
        })
    }
}

impl Error for NotDone {}
