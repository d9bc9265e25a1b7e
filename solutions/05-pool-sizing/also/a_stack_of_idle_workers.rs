//! Also right: each idle worker waits at a channel of its own, and the last to come is the first to go to work
//!
//! A job is handed to one idle worker, by name, and the queue holds only what nobody is free
//! for. The idle ones are a stack, so the same few stay busy and the others grow old and are
//! retired: what a shared condition variable leaves to chance.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Sender};
use wt_core::sync::{Arc, Mutex};
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
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    idle: Vec<Idle>,
    workers: usize,
    threads: Vec<JoinHandle<()>>,
    closed: bool,
}

struct Idle {
    since: Instant,
    inbox: Sender<Job>,
}

impl ElasticPool {
    pub fn new(limits: Limits, clock: Arc<dyn Clock>) -> ElasticPool {
        let shared = Arc::new(Shared {
            limits,
            clock,
            state: Mutex::default(),
        });
        ElasticPool { shared }
    }

    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        let mut state = self.shared.state.lock().unwrap();
        let job: Job = Box::new(job);
        if let Some(idle) = state.idle.pop() {
            let _ = idle.inbox.send(job);
        } else if state.workers < self.shared.limits.max {
            state.workers += 1;
            let shared = Arc::clone(&self.shared);
            state
                .threads
                .push(thread::spawn(move || work(&shared, job)));
        } else {
            state.queue.push_back(job);
        }
    }

    pub fn retire_idle(&self) {
        let now = self.shared.clock.now();
        let Limits {
            min, keep_alive, ..
        } = self.shared.limits;
        let mut state = self.shared.state.lock().unwrap();
        let old = state.idle.iter();
        let old = old.filter(|idle| now.duration_since(idle.since) >= keep_alive);
        let count = old.count().min(state.workers.saturating_sub(min));
        state.idle.sort_by_key(|idle| idle.since);
        state.workers -= count;
        state.idle.drain(..count);
    }

    pub fn workers(&self) -> usize {
        self.shared.state.lock().unwrap().workers
    }

    pub fn idle(&self) -> usize {
        self.shared.state.lock().unwrap().idle.len()
    }
}

impl Drop for ElasticPool {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock().unwrap();
        state.closed = true;
        state.idle.clear();
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        for thread in threads {
            let _ = thread.join();
        }
    }
}

fn work(shared: &Shared, first: Job) {
    let mut job = first;
    loop {
        let _ = catch_unwind(AssertUnwindSafe(job));
        let mut state = shared.state.lock().unwrap();
        job = if let Some(next) = state.queue.pop_front() {
            next
        } else if state.closed {
            return;
        } else {
            let (inbox, jobs) = channel::bounded(1);
            let since = shared.clock.now();
            state.idle.push(Idle { since, inbox });
            drop(state);
            match jobs.recv() {
                Ok(job) => job,
                Err(_) => return,
            }
        };
    }
}
