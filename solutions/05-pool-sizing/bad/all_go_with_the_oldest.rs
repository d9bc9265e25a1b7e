//! Must fail: those_idle_longest_go_first_and_min_stay (wrong)
//! Hint: When one worker of yours has been idle for long enough, all that are idle go. How long had the last of them had nothing to do?
//!
//! The mistake: the oldest one decides for all. A worker that ended its job a second ago is
//! let go, and started anew for the next job.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::{Clock, Duration, Instant};

#[derive(Debug, Clone, Copy)]
pub struct Profile {
    pub compute: Duration,
    pub wait: Duration,
}

pub fn by_formula(cores: usize, profile: Profile, most: usize) -> usize {
    let compute = profile.compute.as_nanos();
    let whole = compute + profile.wait.as_nanos();
    let workers = match compute {
        0 => most,
        _ => usize::try_from((cores as u128 * whole).div_ceil(compute)).unwrap_or(most),
    };
    workers.min(most).max(1)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub workers: usize,
    pub jobs_per_second: u64,
}

pub fn by_table(sweep: &[Row]) -> Option<usize> {
    let best = sweep.iter().map(|row| row.jobs_per_second).max()?;
    let good_enough = |row: &&Row| u128::from(row.jobs_per_second) * 100 >= u128::from(best) * 95;
    let rows = sweep.iter().filter(good_enough);
    rows.map(|row| row.workers).min()
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub min: usize,
    pub max: usize,
    pub keep_alive: Duration,
}

pub struct ElasticPool {
    shared: Arc<Shared>,
}

type Job = Box<dyn FnOnce() + Send + 'static>;

struct Shared {
    limits: Limits,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    workers: BTreeMap<u64, JoinHandle<()>>,
    idle: BTreeMap<u64, Instant>,
    started: u64,
    closed: bool,
}

impl ElasticPool {
    pub fn new(limits: Limits, clock: Arc<dyn Clock>) -> ElasticPool {
        let shared = Arc::new(Shared {
            limits,
            clock,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        ElasticPool { shared }
    }

    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        let mut state = self.shared.lock();
        state.queue.push_back(Box::new(job));
        let too_few = state.queue.len() > state.idle.len();
        if too_few && state.workers.len() < self.shared.limits.max {
            start_worker(&self.shared, &mut state);
        }
        drop(state);
        self.shared.changed.notify_one();
    }

    pub fn retire_idle(&self) {
        let Limits {
            min, keep_alive, ..
        } = self.shared.limits;
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        let mut idle: Vec<_> = state.idle.iter().map(|(id, since)| (*since, *id)).collect();
        idle.sort_unstable();
        let oldest = idle.first().map_or(now, |(since, _)| *since);
        let mut retired = Vec::new();
        for (_, id) in idle {
            let needed = state.queue.len() >= state.idle.len();
            if needed || state.workers.len() <= min || now.duration_since(oldest) < keep_alive {
                break;
            }
            state.idle.remove(&id);
            retired.extend(state.workers.remove(&id));
        }
        drop(state);
        self.shared.changed.notify_all();
        for worker in retired {
            let _ = worker.join();
        }
    }

    pub fn workers(&self) -> usize {
        self.shared.lock().workers.len()
    }

    pub fn idle(&self) -> usize {
        self.shared.lock().idle.len()
    }
}

impl Drop for ElasticPool {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let workers = std::mem::take(&mut state.workers);
        drop(state);
        self.shared.changed.notify_all();
        for worker in workers.into_values() {
            let _ = worker.join();
        }
    }
}

impl Shared {
    fn next(&self, me: u64) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if !state.closed && !state.workers.contains_key(&me) {
                return None;
            }
            if let Some(job) = state.queue.pop_front() {
                state.idle.remove(&me);
                return Some(job);
            }
            if state.closed {
                return None;
            }
            let now = self.clock.now();
            state.idle.entry(me).or_insert(now);
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start_worker(shared: &Arc<Shared>, state: &mut State) {
    let me = state.started;
    state.started += 1;
    let shared = Arc::clone(shared);
    let worker = thread::Builder::new()
        .name(format!("worker-{me}"))
        .spawn(move || {
            while let Some(job) = shared.next(me) {
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        })
        .expect("the operating system starts another thread");
    state.workers.insert(me, worker);
}
