//! Must fail: keys_spread_over_all_workers (wrong)
//! Hint: You take the length of the key for its hash. How many different lengths do the keys of your users have?
//!
//! The mistake: the length depends on nothing but the key, so a key stays with its worker.
//! But keys are alike in their length, and all go the same way.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::atomic::{AtomicUsize, Ordering};
use wt_core::sync::{Arc, Mutex, PoisonError};
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
        key.len() % loads.len()
    }
}

pub struct Dispatcher {
    strategy: Mutex<Box<dyn Strategy>>,
    workers: Vec<Worker>,
}

struct Worker {
    jobs: Option<Sender<Job>>,
    load: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Dispatcher {
    pub fn new(
        workers: usize,
        strategy: impl Strategy + 'static,
    ) -> Result<Dispatcher, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        Ok(Dispatcher {
            strategy: Mutex::new(Box::new(strategy)),
            workers: (0..workers).map(Worker::start).collect(),
        })
    }

    pub fn submit(&self, key: &str, job: impl FnOnce() + Send + 'static) -> usize {
        let mut strategy = self.strategy.lock().unwrap_or_else(PoisonError::into_inner);
        let picked = strategy.pick(key, &self.loads());
        let worker = &self.workers[picked];
        worker.load.fetch_add(1, Ordering::Relaxed);
        let jobs = worker.jobs.as_ref().expect("only `drop` takes the sender");
        jobs.send(Box::new(job))
            .expect("a worker outlives its jobs");
        picked
    }

    pub fn loads(&self) -> Vec<usize> {
        let loads = self.workers.iter();
        loads
            .map(|worker| worker.load.load(Ordering::Relaxed))
            .collect()
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            worker.jobs = None;
        }
        for worker in &mut self.workers {
            let _ = worker.thread.take().map(JoinHandle::join);
        }
    }
}

impl Worker {
    fn start(id: usize) -> Worker {
        let (jobs, queue) = channel::unbounded();
        let load = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&load);
        let thread = thread::Builder::new()
            .name(format!("worker-{id}"))
            .spawn(move || work(queue, &count))
            .expect("the operating system starts another thread");
        Worker {
            jobs: Some(jobs),
            load,
            thread: Some(thread),
        }
    }
}

fn work(queue: Receiver<Job>, load: &AtomicUsize) {
    for job in queue {
        let _ = catch_unwind(AssertUnwindSafe(job));
        load.fetch_sub(1, Ordering::Relaxed);
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
