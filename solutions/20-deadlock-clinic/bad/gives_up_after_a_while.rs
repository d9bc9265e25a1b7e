//! Must fail: every_request_is_answered_in_order (wrong), no_more_is_under_way_than_the_channels_hold (wrong), no_order_of_steps_stops_the_channels (wrong)
//! Redact: numbers
//! Hint: When a channel stays full for a while, you drop the request and go on. The program does not hang any more. What has become of the request?
//!
//! The mistake: a timeout as a plaster. The circle is still there; every time it closes, a
//! request is lost.

use std::error::Error;
use std::fmt;

use wt_core::channel::{Sender, bounded, unbounded};
use wt_core::sync::{Mutex, MutexGuard};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::Duration;

#[derive(Debug)]
pub struct Accounts {
    accounts: Vec<Mutex<i64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SameAccount;

impl Accounts {
    pub fn new(balances: &[i64]) -> Self {
        Self {
            accounts: balances
                .iter()
                .map(|&balance| Mutex::new(balance))
                .collect(),
        }
    }

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

    pub fn total(&self) -> i64 {
        let guards: Vec<_> = (0..self.accounts.len()).map(|n| self.lock(n)).collect();
        guards.iter().map(|balance| **balance).sum()
    }

    fn lock(&self, account: usize) -> MutexGuard<'_, i64> {
        self.accounts[account].lock().expect("no user panics")
    }
}

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
        for request in requests {
            let _ = request_sender.send_timeout(request, Duration::from_micros(100));
        }
        drop(request_sender);
        for answer in answers {
            deliver(answer);
        }
    });
}

type Job = Box<dyn FnOnce() + Send>;

pub struct Service {
    jobs: Mutex<Option<Sender<Job>>>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl Service {
    pub fn start() -> Self {
        let (jobs, queue) = unbounded::<Job>();
        let worker = thread::Builder::new().name("worker".into());
        let worker = worker.spawn(move || queue.into_iter().for_each(|job| job()));
        Self {
            jobs: Mutex::new(Some(jobs)),
            worker: Mutex::new(Some(worker.expect("a thread starts"))),
        }
    }

    pub fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Stopped> {
        let jobs = self.jobs();
        let sender = jobs.as_ref().ok_or(Stopped)?;
        sender.send(Box::new(job)).map_err(|_| Stopped)
    }

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
