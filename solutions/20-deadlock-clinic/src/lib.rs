//! Lesson 20: the deadlock clinic, mended.

use std::error::Error;
use std::fmt;

use wt_core::channel::{Sender, bounded, unbounded};
use wt_core::sync::{Mutex, MutexGuard};
use wt_core::thread::{self, JoinHandle};

// Patient 1: two locks

/// Accounts that many threads use at the same time, each behind a lock of its own.
#[derive(Debug)]
pub struct Accounts {
    accounts: Vec<Mutex<i64>>,
}

/// Both ends of a transfer are the same account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SameAccount;

impl Accounts {
    /// One account for each balance, numbered from 0.
    pub fn new(balances: &[i64]) -> Self {
        Self {
            accounts: balances
                .iter()
                .map(|&balance| Mutex::new(balance))
                .collect(),
        }
    }

    /// Calls `f` with the balances of `first` and `second`, in this order, while no other
    /// thread can see or change either of them.
    ///
    /// Waits while another thread uses one of the two. Calls that have no account in
    /// common do not wait for each other.
    ///
    /// # Errors
    ///
    /// [`SameAccount`] if `first` and `second` are the same; `f` is not called.
    ///
    /// # Panics
    ///
    /// Panics if there is no such account.
    pub fn with_both<R>(
        &self,
        first: usize,
        second: usize,
        f: impl FnOnce(&mut i64, &mut i64) -> R,
    ) -> Result<R, SameAccount> {
        if first == second {
            return Err(SameAccount);
        }
        // Everybody takes the lower number first, so nobody who waits has what the other needs.
        let mut low = self.lock(first.min(second));
        let mut high = self.lock(first.max(second));
        Ok(if first < second {
            f(&mut low, &mut high)
        } else {
            f(&mut high, &mut low)
        })
    }

    /// What is in all accounts together. Money on its way is counted once.
    pub fn total(&self) -> i64 {
        let guards: Vec<_> = (0..self.accounts.len()).map(|n| self.lock(n)).collect();
        guards.iter().map(|balance| **balance).sum()
    }

    fn lock(&self, account: usize) -> MutexGuard<'_, i64> {
        self.accounts[account].lock().expect("no user panics")
    }
}

// Patient 2: two channels

/// Has a server thread answer all requests, and delivers the answers in order on the
/// caller's thread.
///
/// Both channels, to the server and back, hold `capacity` items and no more. The server
/// works on the next requests while an answer is delivered.
///
/// # Panics
///
/// Panics if `capacity` is 0.
pub fn answer_all(
    requests: impl Iterator<Item = u32> + Send,
    capacity: usize,
    serve: impl Fn(u32) -> u32 + Send,
    mut deliver: impl FnMut(u32),
) {
    assert!(capacity > 0, "a channel of capacity 0 holds no item");
    let (request_sender, to_serve) = bounded(capacity);
    let (answer_sender, answers) = bounded(capacity);
    thread::scope(|scope| {
        let server = thread::Builder::new().name("server".into());
        let server = server.spawn_scoped(scope, move || {
            for request in to_serve {
                if answer_sender.send(serve(request)).is_err() {
                    return; // nobody wants an answer any more
                }
            }
        });
        server.expect("a thread starts");
        // Who sends is not the one who makes room by receiving.
        let client = thread::Builder::new().name("client".into());
        let client = client.spawn_scoped(scope, move || {
            for request in requests {
                if request_sender.send(request).is_err() {
                    return; // the server has gone
                }
            }
        });
        client.expect("a thread starts");
        for answer in answers {
            deliver(answer);
        }
    });
}

// Patient 3: a thread and the one that waits for its end

/// Something to do.
type Job = Box<dyn FnOnce() + Send>;

/// One worker that does jobs in order.
pub struct Service {
    jobs: Mutex<Option<Sender<Job>>>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

/// The service takes no more jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl Service {
    /// Starts the worker.
    ///
    /// # Panics
    ///
    /// Panics if the system cannot start a thread.
    pub fn start() -> Self {
        let (jobs, queue) = unbounded::<Job>();
        let worker = thread::Builder::new().name("worker".into());
        let worker = worker.spawn(move || queue.into_iter().for_each(|job| job()));
        Self {
            jobs: Mutex::new(Some(jobs)),
            worker: Mutex::new(Some(worker.expect("a thread starts"))),
        }
    }

    /// Queues a job.
    ///
    /// # Errors
    ///
    /// [`Stopped`] after the first call of [`stop`](Self::stop).
    pub fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Stopped> {
        let jobs = self.jobs();
        let sender = jobs.as_ref().ok_or(Stopped)?;
        sender.send(Box::new(job)).map_err(|_| Stopped)
    }

    /// Takes no more jobs, and waits until the worker has done those it has.
    ///
    /// A job may call it, too: it does not wait then, for it would wait for itself, and the
    /// worker goes on with the jobs that are left. If several other threads call it, one of
    /// them waits.
    ///
    /// # Panics
    ///
    /// Panics if a job has panicked.
    pub fn stop(&self) {
        drop(self.jobs().take());
        let me = thread::current().id();
        // The handle stays for another thread if this one is the worker. The lock is free
        // again at the end of the statement, before anybody waits.
        let worker = self.handle().take_if(|it| it.thread().id() != me);
        if let Some(worker) = worker {
            worker.join().expect("no job panics");
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Option<Sender<Job>>> {
        self.jobs.lock().expect(UNPOISONED)
    }

    fn handle(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.worker.lock().expect(UNPOISONED)
    }
}

/// Why the locks of a service are never poisoned.
const UNPOISONED: &str = "nothing panics under this lock";

impl fmt::Display for SameAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("both accounts are the same")
    }
}

impl Error for SameAccount {}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service takes no more jobs")
    }
}

impl Error for Stopped {}
