//! Must fail: an_idle_service_stops (wrong)
//! May fail: no_thread_is_left
//! Hint: Three workers sleep when your service begins to stop. How many of them learn of it?
//!
//! The mistake: `notify_one` at the interrupt. One worker goes home, the others
//! sleep on, and `wait` waits for them.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use wt_core::channel::{self, Receiver};
use wt_core::sync::atomic::{AtomicBool, Ordering};
use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::{Clock, Duration, Instant};

/// Worker threads and the jobs they have taken on.
pub struct Service<J> {
    desk: Arc<Desk<J>>,
    workers: Vec<JoinHandle<()>>,
}

/// Feeds and stops a [`Service`]. Clones control the same one, from any thread.
pub struct Control<J> {
    desk: Arc<Desk<J>>,
}

/// Where jobs lie until a worker takes them.
struct Desk<J> {
    state: Mutex<State<J>>,
    /// A job has come, or the phase has changed.
    changed: Condvar,
    stop: Stop,
    clock: Arc<dyn Clock>,
    grace: Duration,
}

/// Phase, queue and counts under one lock: a job is queued in the phase in which it was
/// accepted, or it is refused.
struct State<J> {
    phase: Phase,
    /// When draining ends; of no meaning before.
    deadline: Instant,
    queue: VecDeque<J>,
    gave_up: Vec<J>,
    accepted: usize,
    done: usize,
}

impl<J: Send + 'static> Service<J> {
    /// Starts `workers` threads, and returns the service, its control, and the results in
    /// the order in which they are done.
    ///
    /// `work` returns `None` when it has given up, which it does only after [`Stop`] was
    /// set. It does not panic. The receiver of the results ends after the last result.
    ///
    /// # Panics
    ///
    /// When the operating system has no thread left.
    pub fn start<R: Send + 'static>(
        workers: usize,
        grace: Duration,
        clock: Arc<dyn Clock>,
        work: impl Fn(&J, &Stop) -> Option<R> + Send + Sync + 'static,
    ) -> (Service<J>, Control<J>, Receiver<R>) {
        let desk = Arc::new(Desk::new(grace, clock));
        let work = Arc::new(work);
        let (results, receiver) = channel::unbounded();
        let start = |_| {
            let (desk, work, results) = (Arc::clone(&desk), Arc::clone(&work), results.clone());
            thread::spawn(move || {
                while let Some(job) = desk.next() {
                    match work(&job, &desk.stop) {
                        Some(result) => {
                            desk.lock().done += 1;
                            // Nobody may want it; it is done all the same.
                            let _ = results.send(result);
                        }
                        None => desk.lock().gave_up.push(job),
                    }
                }
            })
        };
        let workers = (0..workers).map(start).collect();
        let control = Control {
            desk: Arc::clone(&desk),
        };
        // The workers alone own senders of results: the last to end closes the channel.
        (Service { desk, workers }, control, receiver)
    }

    /// Waits until the service has been stopped and every worker has ended.
    ///
    /// # Panics
    ///
    /// When `work` has panicked.
    pub fn wait(self) -> Report<J> {
        for worker in self.workers {
            worker.join().expect("the work does not panic");
        }
        let mut state = self.desk.lock();
        let mut handed_back = std::mem::take(&mut state.gave_up);
        handed_back.extend(state.queue.drain(..));
        Report {
            accepted: state.accepted,
            done: state.done,
            handed_back,
        }
    }
}

impl<J> Control<J> {
    /// Queues `job`, without a bound, and never waits.
    ///
    /// # Errors
    ///
    /// [`Refused`], with the job inside, as soon as the service is stopping.
    pub fn submit(&self, job: J) -> Result<(), Refused<J>> {
        let mut state = self.desk.lock();
        if state.phase != Phase::Running {
            return Err(Refused(job));
        }
        state.queue.push_back(job);
        state.accepted += 1;
        drop(state);
        self.desk.changed.notify_one();
        Ok(())
    }

    /// What a signal does. The first one begins to drain; the second one, which comes from
    /// somebody who has lost patience, aborts at once.
    pub fn interrupt(&self) {
        let mut state = self.desk.lock();
        if state.phase == Phase::Running {
            state.phase = Phase::Draining;
            state.deadline = self.desk.clock.now() + self.desk.grace;
        } else {
            self.desk.abort(&mut state);
        }
        self.desk.changed.notify_one();
    }

    /// Looks at the clock: aborts if the service has drained for as long as its grace is.
    /// Somebody calls this at regular intervals.
    pub fn tick(&self) {
        let mut state = self.desk.lock();
        if state.phase == Phase::Draining && self.desk.clock.now() >= state.deadline {
            self.desk.abort(&mut state);
        }
    }

    /// How far the service has come.
    pub fn phase(&self) -> Phase {
        self.desk.lock().phase
    }
}

impl<J> Clone for Control<J> {
    fn clone(&self) -> Self {
        let desk = Arc::clone(&self.desk);
        Self { desk }
    }
}

impl<J> Desk<J> {
    fn new(grace: Duration, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            phase: Phase::Running,
            deadline: clock.now(),
            queue: VecDeque::new(),
            gave_up: Vec::new(),
            accepted: 0,
            done: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            stop: Stop::default(),
            clock,
            grace,
        }
    }

    /// The next job to start, or `None` when the worker may go home.
    fn next(&self) -> Option<J> {
        let idle = |state: &mut State<J>| state.phase == Phase::Running && state.queue.is_empty();
        let state = self.changed.wait_while(self.lock(), idle);
        let mut state = state.expect(UNPOISONED);
        if state.phase == Phase::Aborting {
            return None; // what is left in the queue is handed back
        }
        state.queue.pop_front()
    }

    /// No worker waits while there is something to abort: each has a job or has gone home.
    fn abort(&self, state: &mut State<J>) {
        state.phase = Phase::Aborting;
        self.stop.set();
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().expect(UNPOISONED)
    }
}

const UNPOISONED: &str = "nothing panics under this lock";

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
