//! Must fail: a_job_stays_with_its_worker (wrong)
//! Hint: A worker of yours that has nothing to do takes a job from another one's queue. Is the job in front of that one still running, and do the two have the same key?
//!
//! The mistake: an idle worker steals. For jobs that know nothing of each other this is the
//! best there is. But two jobs of one key now run at the same time, and the second may be
//! done first.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use wt_core::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send + 'static>;

pub trait Strategy: Send {
    fn pick(&mut self, key: &str, loads: &[usize]) -> usize;
}

#[derive(Debug, Default)]
pub struct RoundRobin {
    turn: usize,
}

#[derive(Debug, Default)]
pub struct LeastLoaded;

#[derive(Debug, Default)]
pub struct ByKey;

impl Strategy for RoundRobin {
    fn pick(&mut self, _key: &str, loads: &[usize]) -> usize {
        let picked = self.turn % loads.len();
        self.turn = self.turn.wrapping_add(1);
        picked
    }
}

impl Strategy for LeastLoaded {
    fn pick(&mut self, _key: &str, loads: &[usize]) -> usize {
        let workers = 0..loads.len();
        workers.min_by_key(|&worker| loads[worker]).unwrap_or(0)
    }
}

impl Strategy for ByKey {
    fn pick(&mut self, key: &str, loads: &[usize]) -> usize {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        (hasher.finish() % loads.len() as u64) as usize
    }
}

pub struct Dispatcher {
    strategy: Mutex<Box<dyn Strategy>>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queues: Vec<VecDeque<Job>>,
    loads: Vec<usize>,
    closed: bool,
}

impl Dispatcher {
    pub fn new(
        workers: usize,
        strategy: impl Strategy + 'static,
    ) -> Result<Dispatcher, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queues: (0..workers).map(|_| VecDeque::new()).collect(),
                loads: vec![0; workers],
                closed: false,
            }),
            changed: Condvar::new(),
        });
        let start = |id| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                while let Some((owner, job)) = shared.next(id) {
                    let _ = catch_unwind(AssertUnwindSafe(job));
                    shared.lock().loads[owner] -= 1;
                }
            })
        };
        let threads = (0..workers).map(start).collect();
        Ok(Dispatcher {
            strategy: Mutex::new(Box::new(strategy)),
            shared,
            threads,
        })
    }

    pub fn submit(&self, key: &str, job: impl FnOnce() + Send + 'static) -> usize {
        let mut strategy = self.strategy.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.shared.lock();
        let picked = strategy.pick(key, &state.loads);
        state.loads[picked] += 1;
        state.queues[picked].push_back(Box::new(job));
        drop(state);
        self.shared.changed.notify_all();
        picked
    }

    pub fn loads(&self) -> Vec<usize> {
        self.shared.lock().loads.clone()
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, id: usize) -> Option<(usize, Job)> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.queues[id].pop_front() {
                return Some((id, job));
            }
            let busy = |owner: &usize| state.loads[*owner] > state.queues[*owner].len();
            let victim = (0..state.queues.len()).find(busy);
            if let Some(owner) = victim
                && let Some(job) = state.queues[owner].pop_front()
            {
                return Some((owner, job));
            }
            if state.closed {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroWorkers;

impl fmt::Display for ZeroWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("with 0 workers there is nobody to pick")
    }
}

impl Error for ZeroWorkers {}
