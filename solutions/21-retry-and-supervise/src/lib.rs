//! A pool that tries again what has failed, gives up what cannot succeed, and replaces
//! workers that hang; and a breaker for what is down.
//!
//! Supervision with a restart budget comes from Erlang, the circuit breaker from Nygard's
//! "Release It!". No thread sleeps for a time: what is to happen later is written down, and
//! [`Supervisor::tick`] looks at the clock. So a wait costs no thread, and a test no time.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::{Clock, Duration, Instant};

/// How long to wait before a job is tried again: longer each time, up to a cap, and not
/// for all jobs alike.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The wait after the first failure, before the jitter.
    pub base: Duration,
    /// No wait is longer.
    pub cap: Duration,
    /// Where the jitter comes from. The same seed gives the same waits.
    pub seed: u64,
}

impl Backoff {
    /// The wait after attempt number `attempt` (the first is 1) of the job `job`.
    ///
    /// The full wait is `base`, doubled for each attempt after the first, and at most
    /// `cap`. The result is half of it, and of the other half a part that the jitter
    /// decides: `noise(…) % (half + 1)` nanoseconds, where `half` is half of the full wait
    /// in whole nanoseconds. Any number of attempts is fine.
    pub fn delay(&self, job: u64, attempt: u32) -> Duration {
        // Saturating twice: `2^40` and `base * 2^31` are both more than there is, and both
        // mean the cap.
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let full = self.base.saturating_mul(doubled).min(self.cap);
        let half = u64::try_from(full.as_nanos() / 2).unwrap_or(u64::MAX - 1);
        let part = noise(self.seed, job, attempt) % (half + 1);
        Duration::from_nanos(half).saturating_add(Duration::from_nanos(part))
    }
}

/// A number that looks random, and is always the same for the same arguments.
fn noise(seed: u64, job: u64, attempt: u32) -> u64 {
    let mut bits = seed ^ job.rotate_left(32) ^ u64::from(attempt);
    for factor in [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9] {
        bits = (bits ^ (bits >> 30)).wrapping_mul(factor);
    }
    bits ^ (bits >> 31)
}

/// Stops calls to something that is down, and tries now and then whether it is up again.
pub struct Breaker {
    threshold: u32,
    cooldown: Duration,
    clock: Arc<dyn Clock>,
    state: Mutex<BreakerState>,
}

/// Where a [`Breaker`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go through. So many have failed since the last one that succeeded.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// No call goes through, since this moment.
    Open {
        /// When it opened.
        since: Instant,
    },
    /// One call is on its way, to see; no other goes through.
    HalfOpen,
}

impl Breaker {
    /// A closed breaker that opens after `threshold` failures in a row, and lets one call
    /// through when it has been open for `cooldown`.
    pub fn new(threshold: u32, cooldown: Duration, clock: Arc<dyn Clock>) -> Breaker {
        Breaker {
            threshold,
            cooldown,
            clock,
            state: Mutex::new(BreakerState::Closed { failures: 0 }),
        }
    }

    /// Whether a call may be made now. Who gets `true` makes it, and
    /// [`record`](Self::record)s how it went.
    ///
    /// Closed: yes. Open: no, until the cooldown is over; then yes to one caller, who
    /// makes it half-open. Half-open: no.
    pub fn allow(&self) -> bool {
        let mut state = lock(&self.state);
        match *state {
            BreakerState::Closed { .. } => true,
            BreakerState::Open { since } => {
                let over = self.clock.now().duration_since(since) >= self.cooldown;
                if over {
                    // Under the same lock as the question: the next caller sees it.
                    *state = BreakerState::HalfOpen;
                }
                over
            }
            BreakerState::HalfOpen => false,
        }
    }

    /// Says how a call went.
    ///
    /// Closed: a success forgets the failures, the last failure of `threshold` in a row
    /// opens it. Half-open: a success closes it, a failure opens it again from now. Open:
    /// the call began before it opened, and changes nothing.
    pub fn record(&self, ok: bool) {
        let mut state = lock(&self.state);
        let open = || BreakerState::Open {
            since: self.clock.now(),
        };
        *state = match (*state, ok) {
            (BreakerState::Closed { .. } | BreakerState::HalfOpen, true) => {
                BreakerState::Closed { failures: 0 }
            }
            (BreakerState::Closed { failures }, false) if failures + 1 < self.threshold => {
                BreakerState::Closed {
                    failures: failures + 1,
                }
            }
            (BreakerState::Closed { .. } | BreakerState::HalfOpen, false) => open(),
            // A call from before it opened: it says nothing about now.
            (BreakerState::Open { since }, _) => BreakerState::Open { since },
        };
    }

    /// Where it is.
    pub fn state(&self) -> BreakerState {
        *lock(&self.state)
    }
}

/// Why an attempt failed, and whether another one may help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It may succeed later: a time-out, a full queue, a panic.
    Transient(String),
    /// It will never succeed: a bad argument, a file that cannot be read by design.
    Permanent(String),
}

/// What became of a job in the end. Every job that was submitted has one outcome, or is
/// still on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An attempt succeeded.
    Done {
        /// How many attempts there were.
        attempts: u32,
    },
    /// An attempt failed, and there will not be another.
    Failed {
        /// How many attempts there were.
        attempts: u32,
        /// Why the last one failed.
        why: String,
    },
    /// An attempt did not end in time. It is never tried again: the first may still be
    /// at work, and do it a second time.
    Abandoned {
        /// How many attempts there were.
        attempts: u32,
    },
}

/// How a [`Supervisor`] works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many workers there are.
    pub workers: usize,
    /// How often a job is tried at most.
    pub attempts: u32,
    /// How long to wait between two attempts.
    pub backoff: Backoff,
    /// How long one attempt may run. Who has run for so long is abandoned.
    pub time_limit: Duration,
    /// At most so many workers are replaced...
    pub restarts: usize,
    /// ...within so long. What is missing then is made up for later.
    pub per: Duration,
}

/// A job: it is told which attempt this is, from 1.
type Run = Arc<dyn Fn(u32) -> Result<(), Failure> + Send + Sync>;

/// A pool that tries again what has failed, and replaces workers that hang.
pub struct Supervisor {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Jobs for whoever is free.
    ready: VecDeque<Job>,
    /// Jobs that have failed, each with the moment from which on it is ready again.
    waiting: Vec<(Instant, Job)>,
    /// What each busy worker of the crew is at.
    running: BTreeMap<u64, Running>,
    /// The workers that belong to the pool, by number.
    crew: BTreeMap<u64, JoinHandle<()>>,
    /// When workers were replaced.
    replaced: Vec<Instant>,
    outcomes: BTreeMap<u64, Outcome>,
    jobs: u64,
    workers: u64,
    closed: bool,
}

struct Job {
    id: u64,
    /// The attempts that have begun.
    attempts: u32,
    run: Run,
}

struct Running {
    job: Job,
    since: Instant,
}

impl Supervisor {
    /// Starts the workers.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Supervisor {
        let shared = Arc::new(Shared {
            settings,
            clock,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let mut state = shared.lock();
        for _ in 0..shared.settings.workers {
            start_worker(&shared, &mut state);
        }
        drop(state);
        Supervisor { shared }
    }

    /// Queues a job and returns its number. The numbers count from 0.
    pub fn submit(&self, run: impl Fn(u32) -> Result<(), Failure> + Send + Sync + 'static) -> u64 {
        let mut state = self.shared.lock();
        let id = state.jobs;
        state.jobs += 1;
        state.ready.push_back(Job {
            id,
            attempts: 0,
            run: Arc::new(run),
        });
        drop(state);
        self.shared.changed.notify_one();
        id
    }

    /// Does everything that is due at this moment; somebody calls it every now and then.
    ///
    /// - A job whose wait is over becomes ready, behind those that are; the one that was due
    ///   first comes first.
    /// - An attempt that has run for the time limit is abandoned: the job has its outcome,
    ///   and its worker no longer belongs to the crew.
    /// - Workers that are missing are replaced, as far as the budget allows: in any span of
    ///   `per`, at most `restarts` of them.
    pub fn tick(&self) {
        let shared = &self.shared;
        let now = shared.clock.now();
        let mut state = shared.lock();
        state.release_what_is_due(now);
        state.abandon_what_hangs(now, shared.settings.time_limit);
        while state.crew.len() < shared.settings.workers && state.may_replace(now, &shared.settings)
        {
            start_worker(shared, &mut state);
        }
        drop(state);
        shared.changed.notify_all();
    }

    /// What became of the job with this number; `None` while it is on its way.
    pub fn outcome(&self, id: u64) -> Option<Outcome> {
        self.shared.lock().outcomes.get(&id).cloned()
    }

    /// The jobs that run now, each with the time that its attempt has run for.
    pub fn running(&self) -> Vec<(u64, Duration)> {
        let now = self.shared.clock.now();
        let state = self.shared.lock();
        let running = state.running.values();
        running
            .map(|running| (running.job.id, now.duration_since(running.since)))
            .collect()
    }

    /// How many workers belong to the crew.
    pub fn workers(&self) -> usize {
        self.shared.lock().crew.len()
    }
}

impl Drop for Supervisor {
    /// Takes up no further job, and waits for the workers of the crew. One that was
    /// abandoned ends by itself, if it ever does.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let crew = std::mem::take(&mut state.crew);
        drop(state);
        self.shared.changed.notify_all();
        for worker in crew.into_values() {
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// The next job for worker `me`, as soon as there is one. `None`: the worker ends.
    fn next(&self, me: u64) -> Option<(u32, Run)> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(mut job) = state.ready.pop_front() {
                job.attempts += 1;
                let attempt = (job.attempts, Arc::clone(&job.run));
                let since = self.clock.now();
                state.running.insert(me, Running { job, since });
                return Some(attempt);
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says how the attempt of worker `me` went: the job has its outcome, or it waits for
    /// another attempt. Returns whether the worker still belongs to the crew.
    fn finished(&self, me: u64, result: Result<(), Failure>) -> bool {
        let mut state = self.lock();
        // Whoever is not in the list has been abandoned: the job has its outcome, and the
        // worker its successor. What it brings now comes too late.
        let Some(Running { job, .. }) = state.running.remove(&me) else {
            return false;
        };
        let attempts = job.attempts;
        let outcome = match result {
            Ok(()) => Outcome::Done { attempts },
            Err(Failure::Transient(_)) if attempts < self.settings.attempts => {
                let wait = self.settings.backoff.delay(job.id, attempts);
                state.waiting.push((self.clock.now() + wait, job));
                return true;
            }
            Err(Failure::Transient(why) | Failure::Permanent(why)) => {
                Outcome::Failed { attempts, why }
            }
        };
        state.outcomes.insert(job.id, outcome);
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// Jobs whose wait is over become ready, the one that was due first before the others.
    fn release_what_is_due(&mut self, now: Instant) {
        let waiting = std::mem::take(&mut self.waiting);
        let (mut due, later): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(from, _)| *from <= now);
        due.sort_by_key(|(from, _)| *from);
        self.ready.extend(due.into_iter().map(|(_, job)| job));
        self.waiting = later;
    }

    fn abandon_what_hangs(&mut self, now: Instant, limit: Duration) {
        let (crew, outcomes) = (&mut self.crew, &mut self.outcomes);
        self.running.retain(|worker, Running { job, since }| {
            let hangs = now.duration_since(*since) >= limit;
            if hangs {
                // Dropping the handle detaches the thread. Nothing can stop it.
                crew.remove(worker);
                let attempts = job.attempts;
                outcomes.insert(job.id, Outcome::Abandoned { attempts });
            }
            !hangs
        });
    }

    /// Whether the budget has room for one more, and takes it.
    fn may_replace(&mut self, now: Instant, settings: &Settings) -> bool {
        self.replaced
            .retain(|at| now.duration_since(*at) < settings.per);
        let room = self.replaced.len() < settings.restarts;
        if room {
            self.replaced.push(now);
        }
        room
    }
}

/// Starts a worker of the crew.
fn start_worker(shared: &Arc<Shared>, state: &mut State) {
    let me = state.workers;
    state.workers += 1;
    let shared = Arc::clone(shared);
    let worker = thread::Builder::new()
        .name(format!("worker-{me}"))
        .spawn(move || {
            while let Some((attempt, run)) = shared.next(me) {
                let result = catch_unwind(AssertUnwindSafe(|| run(attempt)));
                let result = result
                    .unwrap_or_else(|_| Err(Failure::Transient(String::from("the job panicked"))));
                if !shared.finished(me, result) {
                    return;
                }
            }
        })
        .expect("the operating system starts another thread");
    state.crew.insert(me, worker);
}

/// No code of the caller runs under these locks, so a poisoned one is as good as new.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
