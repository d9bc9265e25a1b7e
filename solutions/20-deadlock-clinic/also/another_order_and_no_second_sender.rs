//! Also right: locks from the highest number down; one thread that sends and
//! receives and never waits for room; everybody waits for a flag instead of one for a handle.

use std::error::Error;
use std::fmt;

use wt_core::channel::{Sender, TrySendError, bounded, unbounded};
use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_core::thread::{self, ThreadId};

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
        // Later accounts first: any order will do, if it is everybody's.
        let mut numbers = [first, second];
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        let [mut late, mut early] = numbers.map(|number| self.lock(number));
        let [one, other] = if numbers == [first, second] {
            [&mut *late, &mut *early]
        } else {
            [&mut *early, &mut *late]
        };
        Ok(f(one, other))
    }

    pub fn total(&self) -> i64 {
        let all = (0..self.accounts.len()).rev();
        let guards: Vec<_> = all.map(|number| self.lock(number)).collect();
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
        // One thread, which never waits for room: where there is none, an answer is due.
        for mut request in requests {
            while let Err(TrySendError::Full(back)) = request_sender.try_send(request) {
                let Ok(answer) = answers.recv() else { return };
                deliver(answer);
                request = back;
            }
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
    worker: ThreadId,
    end: Arc<(Mutex<bool>, Condvar)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl Service {
    pub fn start() -> Self {
        let (jobs, queue) = unbounded::<Job>();
        let worker = thread::Builder::new().name("worker".into());
        let end = Arc::new((Mutex::new(false), Condvar::new()));
        let own = Arc::clone(&end);
        let worker = worker.spawn(move || {
            queue.into_iter().for_each(|job| job());
            *own.0.lock().expect(UNPOISONED) = true;
            own.1.notify_all();
        });
        Self {
            jobs: Mutex::new(Some(jobs)),
            worker: worker.expect("a thread starts").thread().id(),
            end,
        }
    }

    pub fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Stopped> {
        let jobs = self.jobs();
        let sender = jobs.as_ref().ok_or(Stopped)?;
        sender.send(Box::new(job)).map_err(|_| Stopped)
    }

    pub fn stop(&self) {
        drop(self.jobs().take());
        if thread::current().id() != self.worker {
            let (ended, changed) = &*self.end;
            let mut ended = ended.lock().expect(UNPOISONED);
            while !*ended {
                ended = changed.wait(ended).expect(UNPOISONED);
            }
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Option<Sender<Job>>> {
        self.jobs.lock().expect(UNPOISONED)
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
