//! Distribution: a queue for each worker, and a strategy that decides in which one a
//! job goes.
//!
//! The decision is also called scheduling, balancing or routing; by key, it is called
//! sharding or affinity. A strategy is a plain function of a key and some counts. The
//! [`Dispatcher`] has the threads, and no opinion.

use std::error::Error;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::atomic::{AtomicUsize, Ordering};
use wt_core::sync::{Arc, Mutex, PoisonError};
use wt_core::thread::{self, JoinHandle};

/// Jobs have different types; boxed, they share one queue.
type Job = Box<dyn FnOnce() + Send + 'static>;

/// Decides which worker gets the next job.
///
/// A strategy only chooses. It starts no thread and moves no job, so it can be tried
/// without either.
pub trait Strategy: Send {
    /// The number of the worker for a job with this `key`.
    ///
    /// `loads[w]` is how many jobs worker `w` has at this moment, queued and
    /// running. There is at least one worker. The result is less than `loads.len()`.
    fn pick(&mut self, key: &str, loads: &[usize]) -> usize;
}

/// The workers in turn: 0, 1, 2, …, and from the beginning.
#[derive(Debug, Default)]
pub struct RoundRobin {
    /// How many jobs there were.
    turn: usize,
}

/// The worker with the fewest jobs; of several, the one with the lowest number.
#[derive(Debug, Default)]
pub struct LeastLoaded;

/// For each key always the same worker, whatever the load; many keys spread over all
/// workers.
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
        // `min_by_key` returns the first of several: the choice can be foreseen.
        let workers = 0..loads.len();
        workers.min_by_key(|&worker| loads[worker]).unwrap_or(0)
    }
}

impl Strategy for ByKey {
    fn pick(&mut self, key: &str, loads: &[usize]) -> usize {
        // `DefaultHasher::new` hashes alike every time; a `RandomState` would not.
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        // The remainder is taken before the number is made smaller: a `usize` may have
        // fewer bits than the hash, and a signed number may be negative.
        (hasher.finish() % loads.len() as u64) as usize
    }
}

/// Workers with a queue each. A [`Strategy`] decides in which queue a job goes, and
/// there it stays: the jobs of one worker run one after the other, in order.
pub struct Dispatcher {
    /// Whoever holds this lock picks, counts and queues: nobody else picks on the same
    /// loads meanwhile.
    strategy: Mutex<Box<dyn Strategy>>,
    workers: Vec<Worker>,
}

/// One worker, as its dispatcher sees it.
struct Worker {
    /// `None` only inside `drop`: giving up the sender is what ends the thread.
    jobs: Option<Sender<Job>>,
    /// Jobs that were submitted and have not ended.
    load: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Dispatcher {
    /// Starts `workers` threads that wait for jobs.
    ///
    /// # Errors
    ///
    /// Returns [`ZeroWorkers`] if `workers` is 0: there would be nobody to pick.
    ///
    /// # Panics
    ///
    /// Panics if the operating system cannot start a thread.
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

    /// Asks the strategy with the loads of this moment, queues `job` at the worker
    /// that it picks, and returns that worker's number. Never waits for a job.
    ///
    /// # Panics
    ///
    /// Panics if the strategy picks a worker that does not exist.
    pub fn submit(&self, key: &str, job: impl FnOnce() + Send + 'static) -> usize {
        // A strategy that has panicked may be asked again: it only counts turns.
        let mut strategy = self.strategy.lock().unwrap_or_else(PoisonError::into_inner);
        let picked = strategy.pick(key, &self.loads());
        let worker = &self.workers[picked];
        // Counted here and not by the worker: the next pick must see this job, even if
        // its worker has not heard of it yet.
        worker.load.fetch_add(1, Ordering::Relaxed);
        let jobs = worker.jobs.as_ref().expect("only `drop` takes the sender");
        jobs.send(Box::new(job))
            .expect("a worker outlives its jobs");
        picked
    }

    /// How many jobs each worker has at this moment, queued and running.
    ///
    /// A job counts from the moment it is submitted until it has ended, also by a
    /// panic. A panic ends its job and nothing else.
    pub fn loads(&self) -> Vec<usize> {
        let loads = self.workers.iter();
        loads
            .map(|worker| worker.load.load(Ordering::Relaxed))
            .collect()
    }
}

impl Drop for Dispatcher {
    /// Lets each worker finish its queue, then waits for each to end.
    fn drop(&mut self) {
        // First all of them hear of the end, then each is waited for.
        for worker in &mut self.workers {
            worker.jobs = None;
        }
        for worker in &mut self.workers {
            // An error cannot be: every panic is caught.
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
        // The panic hook has printed it; this queue has nobody to tell.
        let _ = catch_unwind(AssertUnwindSafe(job));
        // When the job has ended, not when it was taken: a worker with one long job
        // is not idle.
        load.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The error of [`Dispatcher::new`]: there must be at least one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroWorkers;

impl fmt::Display for ZeroWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("with 0 workers there is nobody to pick")
    }
}

impl Error for ZeroWorkers {}
