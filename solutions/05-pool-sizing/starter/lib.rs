//! Lesson 05: how many workers, and when. The brief is in `README.md`.
//!
//! Five bodies are yours: [`by_formula`], [`by_table`], [`ElasticPool::execute`],
//! [`ElasticPool::retire_idle`] and `Shared::next`.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::{Clock, Duration, Instant};

/// How one kind of job spends its time.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// On a core.
    pub compute: Duration,
    /// Asleep: for a disk, a server, a lock.
    pub wait: Duration,
}

/// How many workers keep `cores` cores busy with jobs of this profile: while one job
/// waits, another one computes.
///
/// That is `cores * (compute + wait) / compute`, rounded up, at least 1 and at most
/// `most`. A job that only waits needs no core at all: `most`.
pub fn by_formula(cores: usize, profile: Profile, most: usize) -> usize {
    let _ = (profile.compute, profile.wait);
    todo!("how many workers for {cores} cores, and at most {most}?")
}

/// One line of a sweep: what was measured with so many workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// How many workers there were.
    pub workers: usize,
    /// How many jobs they did in a second.
    pub jobs_per_second: u64,
}

/// The smallest number of workers that reaches at least 95 % of the best row, or `None`
/// if nothing was measured. The rows may come in any order.
pub fn by_table(sweep: &[Row]) -> Option<usize> {
    let _ = sweep;
    todo!("the smallest that is good enough")
}

/// How large a pool may be, and how long a worker may have nothing to do.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// So many workers stay, however long they have been idle, once they have started.
    pub min: usize,
    /// There are never more. At least 1.
    pub max: usize,
    /// A worker that has been idle for so long may be retired.
    pub keep_alive: Duration,
}

/// A pool that starts a worker when there is work for one, and lets it go when there has
/// been none for a while.
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
    /// The workers that belong to the pool, by number.
    workers: BTreeMap<u64, JoinHandle<()>>,
    /// Those of them that wait for a job, and since when.
    idle: BTreeMap<u64, Instant>,
    started: u64,
    closed: bool,
}

impl ElasticPool {
    /// A pool without a thread.
    pub fn new(limits: Limits, clock: Arc<dyn Clock>) -> ElasticPool {
        let shared = Arc::new(Shared {
            limits,
            clock,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        ElasticPool { shared }
    }

    /// Queues `job`. Starts a worker for it if the idle ones have enough to do with what is
    /// queued, and there are fewer than `max`.
    ///
    /// Never waits for a job.
    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        let _ = (self.shared.limits.max, job, start_worker);
        todo!("queue the job, and see that somebody will run it")
    }

    /// Retires the workers that have been idle for `keep_alive`, those that have been idle
    /// longest first, and leaves `min` workers in the pool. A worker that is busy is never
    /// retired. Returns when the retired ones have ended.
    ///
    /// Somebody calls it every now and then.
    pub fn retire_idle(&self) {
        let _ = (self.shared.limits.min, self.shared.limits.keep_alive);
        todo!("who has been idle for how long, and who tells them?")
    }

    /// How many workers belong to the pool.
    pub fn workers(&self) -> usize {
        self.shared.lock().workers.len()
    }

    /// How many of them wait for a job.
    pub fn idle(&self) -> usize {
        self.shared.lock().idle.len()
    }
}

impl Drop for ElasticPool {
    /// Lets the workers finish what is queued, then waits for each to end.
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
    /// The next job for worker `me`, who is idle while there is none. `None`: the worker
    /// ends, because it has been retired, or because the pool is closed and its queue empty.
    fn next(&self, me: u64) -> Option<Job> {
        let state = self.lock();
        let _ = (state.closed, &state.queue, self.clock.now(), &self.changed);
        todo!("worker {me}: take a job, or be idle, or end")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a worker that belongs to the pool.
fn start_worker(shared: &Arc<Shared>, state: &mut State) {
    let me = state.started;
    state.started += 1;
    let shared = Arc::clone(shared);
    let worker = thread::Builder::new()
        .name(format!("worker-{me}"))
        .spawn(move || {
            while let Some(job) = shared.next(me) {
                // A panic ends its job. The hook has printed it.
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        })
        .expect("the operating system starts another thread");
    state.workers.insert(me, worker);
}
