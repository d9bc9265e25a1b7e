//! How many workers: two ways to choose a number, and a pool that starts and retires
//! workers as there is work.
//!
//! The formula is from Goetz, "Java Concurrency in Practice"; the elastic pool is Java's
//! `ThreadPoolExecutor` with a keep-alive time, or piscina's with `minThreads` and
//! `idleTimeout`. No thread sleeps for a time: [`ElasticPool::retire_idle`] asks the clock.

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
    // Nanoseconds in 128 bits: nothing is rounded before the end.
    let compute = profile.compute.as_nanos();
    let whole = compute + profile.wait.as_nanos();
    let workers = match compute {
        0 => most,
        _ => usize::try_from((cores as u128 * whole).div_ceil(compute)).unwrap_or(most),
    };
    workers.min(most).max(1)
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
    let best = sweep.iter().map(|row| row.jobs_per_second).max()?;
    // In whole numbers: 95 of 100 is 95 %, and no rounding decides.
    let good_enough = |row: &&Row| u128::from(row.jobs_per_second) * 100 >= u128::from(best) * 95;
    let rows = sweep.iter().filter(good_enough);
    rows.map(|row| row.workers).min()
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
    ///
    /// # Panics
    ///
    /// Panics if the operating system cannot start a thread.
    pub fn execute(&self, job: impl FnOnce() + Send + 'static) {
        let mut state = self.shared.lock();
        state.queue.push_back(Box::new(job));
        // An idle worker is good for one job. Those that have been woken and have not come
        // yet are still in the list, and so are their jobs in the queue.
        let too_few = state.queue.len() > state.idle.len();
        if too_few && state.workers.len() < self.shared.limits.max {
            start_worker(&self.shared, &mut state);
        }
        drop(state);
        self.shared.changed.notify_one();
    }

    /// Retires the workers that have been idle for `keep_alive`, those that have been idle
    /// longest first, and leaves `min` workers in the pool. A worker that is busy is never
    /// retired. Returns when the retired ones have ended.
    ///
    /// Somebody calls it every now and then.
    pub fn retire_idle(&self) {
        let Limits {
            min, keep_alive, ..
        } = self.shared.limits;
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        let mut idle: Vec<_> = state.idle.iter().map(|(id, since)| (*since, *id)).collect();
        idle.sort_unstable();
        let mut retired = Vec::new();
        for (since, id) in idle {
            // What is queued has been promised to the idle ones.
            let needed = state.queue.len() >= state.idle.len();
            if needed || state.workers.len() <= min || now.duration_since(since) < keep_alive {
                break;
            }
            state.idle.remove(&id);
            retired.extend(state.workers.remove(&id));
        }
        drop(state);
        // All, because nobody can choose whom `notify_one` wakes.
        self.shared.changed.notify_all();
        for worker in retired {
            // An error cannot be: every panic is caught.
            let _ = worker.join();
        }
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
        let mut state = self.lock();
        loop {
            // Asked first: whoever does not belong to the pool any more takes no job, or
            // there would be more at work than `max`.
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
            // Only when it begins to be idle: a wake-up for nothing does not make it younger.
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
