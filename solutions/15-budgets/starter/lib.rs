//! Lesson 15: budgets. The brief is in `README.md`.

use std::error::Error;
use std::fmt;

use wt_core::channel::{Receiver, Sender, bounded, unbounded};
use wt_core::sync::atomic::AtomicBool;
use wt_core::sync::{Arc, Mutex, MutexGuard};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::{Clock, Duration, Instant};

// Part 1: a budget of bytes

/// So many bytes, of which [`Permit`]s hold parts.
#[derive(Debug)]
pub struct Budget {
    total: usize,
    state: Mutex<State>,
    // Where do requests sleep that do not fit yet?
}

#[derive(Debug)]
struct State {
    free: usize,
    // Who came first?
}

/// Some bytes of a [`Budget`]. They go back when it is dropped.
#[derive(Debug)]
#[must_use = "the bytes go back at once if nobody keeps the permit"]
pub struct Permit<'a> {
    budget: &'a Budget,
    bytes: usize,
}

/// More was asked for than the whole budget has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl Budget {
    /// A budget of `total` bytes, all of them free.
    pub fn new(total: usize) -> Self {
        Self {
            total,
            state: Mutex::new(State { free: total }),
        }
    }

    /// Takes `bytes` out of the budget; sleeps until so many are free.
    ///
    /// Requests are served in the order in which they come: a small one does not overtake
    /// a large one that waits.
    ///
    /// # Errors
    ///
    /// [`TooLarge`], at once, if the whole budget is not enough.
    pub fn acquire(&self, bytes: usize) -> Result<Permit<'_>, TooLarge> {
        let _ = (bytes, self.total);
        todo!("wait for your turn and for room, and take the bytes")
    }

    /// How many bytes are free now.
    pub fn free(&self) -> usize {
        self.lock().free
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(UNPOISONED)
    }
}

impl Permit<'_> {
    /// How many bytes it holds.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Permit<'_> {
    /// Gives the bytes back, also while a panic unwinds.
    fn drop(&mut self) {
        let _ = self.budget;
        todo!("give the bytes back, and tell those who wait")
    }
}

/// Why the lock is never poisoned.
const UNPOISONED: &str = "no code of the caller runs under this lock";

// Part 2: a deadline, and a word that says stop

/// What tells a job that nobody wants it any more.
#[derive(Clone)]
pub struct CancelToken {
    cancelled: Arc<AtomicBool>,
    deadline: Option<Instant>,
    clock: Arc<dyn Clock>,
}

/// Why a job has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDone {
    /// Its deadline had passed before its turn came; it was never started.
    Expired,
    /// It was cancelled before its turn came; it was never started.
    Cancelled,
    /// It panicked.
    Panicked,
}

impl CancelToken {
    /// Asks the job to stop.
    pub fn cancel(&self) {
        todo!("tell the job")
    }

    /// Whether the job should stop: it was cancelled, or its deadline has come. A job that
    /// takes long asks now and then.
    pub fn is_cancelled(&self) -> bool {
        let _ = (&self.cancelled, self.deadline, &self.clock);
        todo!("has somebody cancelled the job, or is it too late for it?")
    }
}

/// Runs a job whose turn has come, or says why not.
fn run<T>(token: &CancelToken, job: impl FnOnce(&CancelToken) -> T) -> Result<T, NotDone> {
    let _ = (token, job);
    todo!("start the job only if somebody still wants it, and survive its panic")
}

/// A job in the queue.
type Task = Box<dyn FnOnce() + Send>;

/// One worker that does jobs in order, each with a deadline.
pub struct Jobs {
    clock: Arc<dyn Clock>,
    queue: Option<Sender<Task>>,
    worker: Option<JoinHandle<()>>,
}

/// A submitted job, as whoever submitted it sees it.
pub struct Ticket<T> {
    token: CancelToken,
    result: Receiver<Result<T, NotDone>>,
}

impl Jobs {
    /// Starts the worker. Deadlines are measured with `clock`.
    ///
    /// # Panics
    ///
    /// Panics if the system cannot start a thread.
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

    /// Queues `job`; it has to begin within `limit` from now, if there is one.
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
    /// Waits until the queued jobs are done.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

impl<T> Ticket<T> {
    /// Asks the job to stop. One that has not begun never begins.
    pub fn cancel(&self) {
        self.token.cancel();
    }

    /// Waits for the job's value.
    ///
    /// # Errors
    ///
    /// [`NotDone`] says why there is none.
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
