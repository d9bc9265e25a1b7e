//! Also right: a channel for the jobs, which the interrupt closes, and a mark for the abort.
//!
//! To drain is then what a channel does when its sender is gone. Tickets keep the order of
//! what comes back.

use std::error::Error;
use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use wt_core::sync::{Arc, Mutex};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::{Clock, Duration, Instant};

type Ticket<J> = (usize, J);

/// Worker threads and the jobs they have taken on.
pub struct Service<J> {
    jobs: Receiver<Ticket<J>>,
    door: Arc<Mutex<Door<J>>>,
    ledger: Arc<Ledger<J>>,
    workers: Vec<JoinHandle<()>>,
}

/// Feeds and stops a [`Service`].
pub struct Control<J> {
    door: Arc<Mutex<Door<J>>>,
    stop: Stop,
    clock: Arc<dyn Clock>,
    grace: Duration,
}

/// Open as long as it has a sender.
struct Door<J> {
    jobs: Option<Sender<Ticket<J>>>,
    accepted: usize,
    deadline: Option<Instant>,
}

struct Ledger<J> {
    done: AtomicUsize,
    /// Whether it was never started, its ticket, and the job.
    back: Mutex<Vec<(bool, usize, J)>>,
}

impl<J: Send + 'static> Service<J> {
    /// Starts `workers` threads.
    pub fn start<R: Send + 'static>(
        workers: usize,
        grace: Duration,
        clock: Arc<dyn Clock>,
        work: impl Fn(&J, &Stop) -> Option<R> + Send + Sync + 'static,
    ) -> (Service<J>, Control<J>, Receiver<R>) {
        let (sender, jobs) = channel::unbounded::<Ticket<J>>();
        let (results, receiver) = channel::unbounded();
        let (work, stop) = (Arc::new(work), Stop::default());
        let ledger = Arc::new(Ledger {
            done: AtomicUsize::new(0),
            back: Mutex::new(Vec::new()),
        });
        let start = |_| {
            let (jobs, results) = (jobs.clone(), results.clone());
            let (work, stop, ledger) = (Arc::clone(&work), stop.clone(), Arc::clone(&ledger));
            thread::spawn(move || {
                for (ticket, job) in jobs {
                    let unstarted = stop.is_set();
                    let result = if unstarted { None } else { work(&job, &stop) };
                    match result {
                        Some(result) => {
                            ledger.done.fetch_add(1, Ordering::SeqCst);
                            let _ = results.send(result);
                        }
                        None => ledger.back.lock().unwrap().push((unstarted, ticket, job)),
                    }
                }
            })
        };
        let workers = (0..workers).map(start).collect();
        let door = Arc::new(Mutex::new(Door {
            jobs: Some(sender),
            accepted: 0,
            deadline: None,
        }));
        let control = Control {
            door: Arc::clone(&door),
            stop,
            clock,
            grace,
        };
        let service = Service {
            jobs,
            door,
            ledger,
            workers,
        };
        (service, control, receiver)
    }

    /// Waits until the service has been stopped and every worker has ended.
    pub fn wait(self) -> Report<J> {
        for worker in self.workers {
            worker.join().unwrap();
        }
        let mut back = std::mem::take(&mut *self.ledger.back.lock().unwrap());
        back.extend(self.jobs.try_iter().map(|(ticket, job)| (true, ticket, job)));
        back.sort_by_key(|(unstarted, ticket, _)| (*unstarted, *ticket));
        Report {
            accepted: self.door.lock().unwrap().accepted,
            done: self.ledger.done.load(Ordering::SeqCst),
            handed_back: back.into_iter().map(|(_, _, job)| job).collect(),
        }
    }
}

impl<J> Control<J> {
    /// Queues `job`, or refuses it.
    pub fn submit(&self, job: J) -> Result<(), Refused<J>> {
        let mut door = self.door.lock().unwrap();
        let ticket = door.accepted;
        let Some(jobs) = &door.jobs else {
            return Err(Refused(job));
        };
        jobs.send((ticket, job)).map_err(|back| Refused(back.0.1))?;
        door.accepted += 1;
        Ok(())
    }

    /// The first one closes the door, the second one sets the mark.
    pub fn interrupt(&self) {
        let mut door = self.door.lock().unwrap();
        if door.jobs.take().is_none() {
            self.stop.set();
        } else {
            door.deadline = Some(self.clock.now() + self.grace);
        }
    }

    /// Sets the mark at the deadline.
    pub fn tick(&self) {
        let deadline = self.door.lock().unwrap().deadline;
        if deadline.is_some_and(|deadline| self.clock.now() >= deadline) {
            self.stop.set();
        }
    }

    /// How far the service has come.
    pub fn phase(&self) -> Phase {
        if self.door.lock().unwrap().jobs.is_some() {
            Phase::Running
        } else if self.stop.is_set() {
            Phase::Aborting
        } else {
            Phase::Draining
        }
    }
}

impl<J> Clone for Control<J> {
    fn clone(&self) -> Self {
        Self {
            door: Arc::clone(&self.door),
            stop: self.stop.clone(),
            clock: Arc::clone(&self.clock),
            grace: self.grace,
        }
    }
}

/// Why [`Control::submit`] did not take a job: the service is stopping. The job is inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused<J>(pub J);

impl<J> fmt::Display for Refused<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service is stopping, the job comes back")
    }
}

impl<J: fmt::Debug> Error for Refused<J> {}

/// How far the service has come with stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It takes jobs.
    Running,
    /// It takes no more jobs, and works off those it has taken.
    Draining,
    /// It starts no more jobs, and those that run are asked to give up.
    Aborting,
}

/// What became of the jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<J> {
    /// How many jobs were taken. Each is done or handed back, so
    /// `accepted == done + handed_back.len()`.
    pub accepted: usize,
    /// How many have a result.
    pub done: usize,
    /// The others: first those that gave up, then those that were never started, in the
    /// order in which they were taken.
    pub handed_back: Vec<J>,
}

/// Asks a running job to give up. Clones share one mark.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    mark: Arc<AtomicBool>,
}

impl Stop {
    /// Whether the job shall give up. A long job asks this again and again.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.mark.load(Ordering::Acquire)
    }

    /// Sets the mark, for good.
    pub fn set(&self) {
        self.mark.store(true, Ordering::Release);
    }
}
