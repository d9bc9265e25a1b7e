//! Must fail: waits_double_up_to_the_cap (wrong)
//! Hint: Your jitter depends on the attempt only. A hundred jobs fail at the same moment: at how many different moments do they come back?
//!
//! The mistake: the noise is made of seed and attempt, and the job is left out. The crowd
//! that failed together comes back together.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::{Clock, Duration, Instant};

#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    pub base: Duration,
    pub cap: Duration,
    pub seed: u64,
}

impl Backoff {
    pub fn delay(&self, _job: u64, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let full = self.base.saturating_mul(doubled).min(self.cap);
        let half = u64::try_from(full.as_nanos() / 2).unwrap_or(u64::MAX - 1);
        let part = noise(self.seed, 0, attempt) % (half + 1);
        Duration::from_nanos(half).saturating_add(Duration::from_nanos(part))
    }
}

fn noise(seed: u64, job: u64, attempt: u32) -> u64 {
    let mut bits = seed ^ job.rotate_left(32) ^ u64::from(attempt);
    for factor in [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9] {
        bits = (bits ^ (bits >> 30)).wrapping_mul(factor);
    }
    bits ^ (bits >> 31)
}

pub struct Breaker {
    threshold: u32,
    cooldown: Duration,
    clock: Arc<dyn Clock>,
    state: Mutex<BreakerState>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    Closed { failures: u32 },
    Open { since: Instant },
    HalfOpen,
}

impl Breaker {
    pub fn new(threshold: u32, cooldown: Duration, clock: Arc<dyn Clock>) -> Breaker {
        Breaker {
            threshold,
            cooldown,
            clock,
            state: Mutex::new(BreakerState::Closed { failures: 0 }),
        }
    }

    pub fn allow(&self) -> bool {
        let mut state = lock(&self.state);
        match *state {
            BreakerState::Closed { .. } => true,
            BreakerState::Open { since } => {
                let over = self.clock.now().duration_since(since) >= self.cooldown;
                if over {
                    *state = BreakerState::HalfOpen;
                }
                over
            }
            BreakerState::HalfOpen => false,
        }
    }

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
            (BreakerState::Open { since }, _) => BreakerState::Open { since },
        };
    }

    pub fn state(&self) -> BreakerState {
        *lock(&self.state)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    Transient(String),
    Permanent(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Done { attempts: u32 },
    Failed { attempts: u32, why: String },
    Abandoned { attempts: u32 },
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub workers: usize,
    pub attempts: u32,
    pub backoff: Backoff,
    pub time_limit: Duration,
    pub restarts: usize,
    pub per: Duration,
}

type Run = Arc<dyn Fn(u32) -> Result<(), Failure> + Send + Sync>;

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
    ready: VecDeque<Job>,
    waiting: Vec<(Instant, Job)>,
    running: BTreeMap<u64, Running>,
    crew: BTreeMap<u64, JoinHandle<()>>,
    replaced: Vec<Instant>,
    outcomes: BTreeMap<u64, Outcome>,
    jobs: u64,
    workers: u64,
    closed: bool,
}

struct Job {
    id: u64,
    attempts: u32,
    run: Run,
}

struct Running {
    job: Job,
    since: Instant,
}

impl Supervisor {
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

    pub fn outcome(&self, id: u64) -> Option<Outcome> {
        self.shared.lock().outcomes.get(&id).cloned()
    }

    pub fn running(&self) -> Vec<(u64, Duration)> {
        let now = self.shared.clock.now();
        let state = self.shared.lock();
        let running = state.running.values();
        running
            .map(|running| (running.job.id, now.duration_since(running.since)))
            .collect()
    }

    pub fn workers(&self) -> usize {
        self.shared.lock().crew.len()
    }
}

impl Drop for Supervisor {
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

    fn finished(&self, me: u64, result: Result<(), Failure>) -> bool {
        let mut state = self.lock();
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
                crew.remove(worker);
                let attempts = job.attempts;
                outcomes.insert(job.id, Outcome::Abandoned { attempts });
            }
            !hangs
        });
    }

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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
