//! Samples of a pool.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use wt_sync::sync::{Arc, Mutex, MutexGuard};
use wt_sync::thread::{self, ThreadId};
use wt_sync::time::{Clock, Duration, Instant, SystemClock};

use super::cpu_clock::CpuClock;
use super::job_times::JobTimes;
use super::memory::{MemoryMeter, MemoryReader};
use super::sample::{Sample, WorkerSample};
use crate::pool::{Builder, Pool, Recorder, WorkerStats};

/// Watches a pool from its birth: [`attach`](Self::attach) it to the pool's
/// builder, then take a [`sample`](Self::sample) whenever you want one.
///
/// Watching costs each job two looks at the clock, and each job that is looked at
/// two uncontended locks. The monitor starts no thread. A clone watches the same
/// pool; one monitor is for one pool.
///
/// # Examples
///
/// ```
/// use wt_core::monitor::{HealthPolicy, PoolMonitor};
/// use wt_core::pool::Pool;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let monitor = PoolMonitor::new();
/// let pool = monitor.attach(Pool::builder().workers(2)).build()?;
/// let before = monitor.sample(&pool);
/// pool.submit(|| (0..1000_u64).sum::<u64>())?.join()?;
///
/// let period = monitor.sample(&pool).since(&before)?;
/// println!("99 % of jobs ran for at most {:?}", period.run.quantile(0.99));
/// assert_eq!(period.done, 1);
/// assert_eq!(HealthPolicy::default().judge(&period).to_string(), "healthy");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PoolMonitor {
    watched: Arc<Watched>,
    clock: Arc<dyn Clock>,
    one_in: u32,
}

#[derive(Default)]
struct Watched {
    times: JobTimes,
    workers: Mutex<BTreeMap<usize, Probe>>,
}

/// What is to be had from a worker's thread only while it is on it.
struct Probe {
    thread: ThreadId,
    name: String,
    cpu: Option<CpuClock>,
    memory: Option<MemoryReader>,
}

thread_local! {
    /// The meter of a worker, which cannot leave its thread.
    static METER: RefCell<Option<MemoryMeter>> = const { RefCell::new(None) };
}

impl PoolMonitor {
    /// Looks at each job.
    #[must_use]
    pub fn new() -> Self {
        Self {
            watched: Arc::default(),
            clock: Arc::new(SystemClock),
            one_in: 1,
        }
    }

    /// Looks at every `one_in`-th job only, for pools of very short jobs. The
    /// histograms then count fewer jobs than the pool.
    ///
    /// # Panics
    ///
    /// If `one_in` is 0.
    #[must_use]
    pub fn one_in(mut self, one_in: u32) -> Self {
        assert!(one_in > 0, "every 0th job is none");
        self.one_in = one_in;
        self
    }

    /// Takes the time of samples from `clock`. The pool's own times are of the
    /// system's clock whatever this one says.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Has the pool that is being built watched by this monitor.
    pub fn attach(&self, builder: Builder) -> Builder {
        let (started, ended) = (Arc::clone(&self.watched), Arc::clone(&self.watched));
        builder
            .timing(true)
            .recorder(Arc::clone(&self.watched) as _, self.one_in)
            .on_start(move |worker| started.enter(worker))
            .on_exit(move |worker| ended.leave(worker))
    }

    /// Everything that is known of the pool now. Does not wait for jobs.
    ///
    /// The counters of jobs are of one moment, and balance; workers and histograms
    /// are read right after. A job is in the histogram of running times a moment
    /// after its handle has answered, and a worker has its name once it has begun
    /// to work.
    #[must_use]
    pub fn sample(&self, pool: &Pool) -> Sample {
        let jobs = pool.stats();
        let workers = pool.worker_stats();
        // After the workers were read, so that no job seems to begin in the future.
        let at = self.clock.now();
        let mut sample = Sample::new(at);
        sample.jobs = jobs;
        sample.workers = self.watched.workers(workers, at);
        sample.wait = self.watched.times.wait();
        sample.run = self.watched.times.run();
        sample
    }
}

impl Watched {
    fn enter(&self, worker: usize) {
        let meter = MemoryMeter::start();
        let memory = meter.as_ref().map(MemoryMeter::reader);
        METER.set(meter);
        let thread = thread::current();
        let probe = Probe {
            thread: thread.id(),
            name: thread.name().map_or_else(|| unnamed(worker), str::to_owned),
            cpu: CpuClock::of_this_thread(),
            memory,
        };
        self.probes().insert(worker, probe);
    }

    fn leave(&self, worker: usize) {
        METER.set(None);
        let mut probes = self.probes();
        // Its successor may have come already.
        let is_own = |probe: &Probe| probe.thread == thread::current().id();
        if probes.get(&worker).is_some_and(is_own) {
            probes.remove(&worker);
        }
    }

    fn workers(&self, stats: Vec<WorkerStats>, at: Instant) -> Vec<WorkerSample> {
        let probes = self.probes();
        let worker = |stats: WorkerStats| {
            let probe = probes.get(&stats.index);
            let name = probe.map_or_else(|| unnamed(stats.index), |probe| probe.name.clone());
            let running_for = stats
                .running_since
                .map(|since| at.saturating_duration_since(since));
            let mut worker = WorkerSample::new(stats.index, name);
            worker.begun = stats.begun;
            worker.busy = stats.busy;
            worker.running_for = running_for;
            worker.cpu = probe.and_then(|probe| probe.cpu?.read());
            worker.memory = probe.and_then(|probe| Some(probe.memory.as_ref()?.usage()));
            worker
        };
        stats.into_iter().map(worker).collect()
    }

    fn probes(&self) -> MutexGuard<'_, BTreeMap<usize, Probe>> {
        self.workers
            .lock()
            .expect("no foreign code runs under the lock of the probes")
    }
}

impl Recorder for Watched {
    fn waited(&self, worker: usize, time: Duration) {
        self.times.waited(worker, time);
    }

    fn ran(&self, worker: usize, time: Duration) {
        self.times.ran(worker, time);
    }
}

fn unnamed(worker: usize) -> String {
    format!("worker {worker}")
}

impl Default for PoolMonitor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for PoolMonitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolMonitor")
            .field("times", &self.watched.times)
            .field("one_in", &self.one_in)
            .finish_non_exhaustive()
    }
}
