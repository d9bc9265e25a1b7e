//! Also right: a table of keys, and a lock and a condition variable for each worker
//!
//! By key, a new key goes to the workers in turn, and the table remembers. The keys spread
//! evenly, whatever they look like, and the table grows with them, for ever. The queues are
//! no channels: each worker has a lock around its queue and its count.

use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::sync::{Arc, Condvar, Mutex};
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
pub struct ByKey {
    homes: HashMap<String, usize>,
}

impl Strategy for RoundRobin {
    fn pick(&mut self, _key: &str, loads: &[usize]) -> usize {
        if self.turn >= loads.len() {
            self.turn = 0;
        }
        self.turn += 1;
        self.turn - 1
    }
}

impl Strategy for LeastLoaded {
    fn pick(&mut self, _key: &str, loads: &[usize]) -> usize {
        let mut picked = 0;
        for (worker, load) in loads.iter().enumerate() {
            if *load < loads[picked] {
                picked = worker;
            }
        }
        picked
    }
}

impl Strategy for ByKey {
    fn pick(&mut self, key: &str, loads: &[usize]) -> usize {
        let next = self.homes.len() % loads.len();
        *self.homes.entry(key.to_owned()).or_insert(next)
    }
}

pub struct Dispatcher {
    strategy: Mutex<Box<dyn Strategy>>,
    desks: Vec<Arc<Desk>>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    running: usize,
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
        let desks: Vec<Arc<Desk>> = (0..workers).map(|_| Arc::default()).collect();
        let threads = desks.iter().map(Arc::clone).map(|desk| {
            thread::spawn(move || {
                while let Some(job) = desk.next() {
                    let _ = catch_unwind(AssertUnwindSafe(job));
                    desk.state.lock().unwrap().running = 0;
                }
            })
        });
        Ok(Dispatcher {
            strategy: Mutex::new(Box::new(strategy)),
            threads: threads.collect(),
            desks,
        })
    }

    pub fn submit(&self, key: &str, job: impl FnOnce() + Send + 'static) -> usize {
        let mut strategy = self.strategy.lock().unwrap();
        let picked = strategy.pick(key, &self.loads());
        let desk = &self.desks[picked];
        desk.state.lock().unwrap().queue.push_back(Box::new(job));
        desk.changed.notify_one();
        picked
    }

    pub fn loads(&self) -> Vec<usize> {
        let loads = self.desks.iter().map(|desk| {
            let state = desk.state.lock().unwrap();
            state.queue.len() + state.running
        });
        loads.collect()
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        for desk in &self.desks {
            desk.state.lock().unwrap().closed = true;
            desk.changed.notify_one();
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(job) = state.queue.pop_front() {
                state.running = 1;
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap();
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
