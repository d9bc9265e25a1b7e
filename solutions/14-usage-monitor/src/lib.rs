//! A pool that can say what it is doing: jobs, busy share, processor share, bytes.
//!
//! Totals since the start are kept under one lock, so that a look at them is of one
//! moment. Shares are made of two looks. The two steps are Prometheus's counters and
//! `rate()`, and what `top` does between two screens.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::monitor::CpuClock;
use wt_core::sync::{Arc, Mutex, MutexGuard};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::{Clock, Duration, Instant};

type Job = Box<dyn FnOnce() + Send>;

/// Worker threads behind one queue, which may be asked at any time what they do.
///
/// Dropping the pool finishes the queue and joins the workers.
pub struct Pool {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    monitor: Arc<Monitor>,
}

/// What the pool and its workers tell, and what a snapshot is made of.
struct Monitor {
    clock: Arc<dyn Clock>,
    /// All of it under one lock: a snapshot must not catch a job between two counters.
    state: Mutex<State>,
}

struct State {
    jobs: Jobs,
    bytes: Bytes,
    workers: Vec<Worker>,
}

#[derive(Clone, Copy, Default)]
struct Worker {
    jobs: u64,
    /// Time in jobs that have ended.
    busy: Duration,
    /// When the current job began.
    since: Option<Instant>,
    /// Readable from any thread, so nobody has to ask the worker.
    cpu: Option<CpuClock>,
}

/// Everything that was known at one moment, as totals since the pool's start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// When it was taken, on the pool's clock.
    pub at: Instant,
    /// The jobs. `submitted` = `done` + `failed` + `queued` + `running`, always.
    pub jobs: Jobs,
    /// Memory that jobs have announced.
    pub bytes: Bytes,
    /// One for each worker, in the order of their numbers.
    pub workers: Vec<WorkerTotals>,
}

/// How many jobs there were, and where they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Jobs {
    /// Accepted since the start.
    pub submitted: u64,
    /// Returned since the start.
    pub done: u64,
    /// Panicked since the start.
    pub failed: u64,
    /// Waiting for a worker now.
    pub queued: u64,
    /// With a worker now.
    pub running: u64,
}

/// Bytes that jobs hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Held now.
    pub live: u64,
    /// The most that were ever held at the same time.
    pub peak: u64,
}

/// What one worker has done since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkerTotals {
    /// Jobs it has begun.
    pub jobs: u64,
    /// Time in jobs, the current one included, on the pool's clock.
    pub busy: Duration,
    /// Time on a processor, where the system tells.
    pub cpu: Option<Duration>,
}

/// What happened between two snapshots.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// The time between them.
    pub length: Duration,
    /// `submitted`, `done` and `failed` count the period; `queued` and `running` are
    /// those of its end.
    pub jobs: Jobs,
    /// As at the end of the period.
    pub bytes: Bytes,
    /// One for each worker, in the order of their numbers.
    pub workers: Vec<WorkerUsage>,
}

/// What one worker did between two snapshots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkerUsage {
    /// Jobs it began in the period.
    pub jobs: u64,
    /// The share of the period that it was in jobs, from 0 to 1.
    pub busy: f64,
    /// The share of the period that it was on a processor, where the system tells.
    pub cpu: Option<f64>,
}

impl Pool {
    /// Starts `workers` threads. All times but those of processors are `clock`'s.
    pub fn new(workers: usize, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            jobs: Jobs::default(),
            bytes: Bytes::default(),
            workers: vec![Worker::default(); workers],
        };
        let monitor = Arc::new(Monitor {
            clock,
            state: Mutex::new(state),
        });
        let (tx, rx) = channel::unbounded();
        let threads = (0..workers).map(|number| {
            let (rx, monitor) = (rx.clone(), Arc::clone(&monitor));
            thread::spawn(move || work(number, &rx, &monitor))
        });
        Self {
            threads: threads.collect(),
            jobs: Some(tx),
            monitor,
        }
    }

    /// Queues `job`. Never waits.
    pub fn submit(&self, job: impl FnOnce() + Send + 'static) {
        let Some(jobs) = &self.jobs else { return };
        // Counted before it is sent: a worker may begin it before `send` returns.
        let mut state = self.monitor.lock();
        state.jobs.submitted += 1;
        state.jobs.queued += 1;
        drop(state);
        let _ = jobs.send(Box::new(job)); // the workers stay as long as the sender
    }

    /// Everything that is known now, of one moment. Never waits for a job.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.monitor.lock();
        // Read under the lock: with an older `now` a job could begin in the future.
        let now = self.monitor.clock.now();
        let workers = state.workers.iter().map(|worker| WorkerTotals {
            jobs: worker.jobs,
            busy: worker.busy + worker.since.map_or(Duration::ZERO, |since| now - since),
            cpu: worker.cpu.and_then(|clock| clock.read()),
        });
        Snapshot {
            at: now,
            jobs: state.jobs,
            bytes: state.bytes,
            workers: workers.collect(),
        }
    }

    /// Where jobs announce the memory they hold. It may go into jobs.
    pub fn gauge(&self) -> Gauge {
        Gauge {
            monitor: Arc::clone(&self.monitor),
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.jobs.take());
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // a worker catches what its jobs do
        }
    }
}

/// The life of worker `number`: it takes jobs until there will be none.
fn work(number: usize, jobs: &Receiver<Job>, monitor: &Monitor) {
    // The number of this thread's clock, which only this thread can ask for.
    monitor.lock().workers[number].cpu = CpuClock::of_this_thread();
    for job in jobs {
        monitor.begin(number);
        // No lock is held here: a snapshot does not wait for a job.
        let outcome = catch_unwind(AssertUnwindSafe(job));
        monitor.end(number, outcome.is_ok());
    }
}

impl Monitor {
    /// One job goes from the queue to worker `number`, in one step.
    fn begin(&self, number: usize) {
        let mut state = self.lock();
        state.jobs.queued -= 1;
        state.jobs.running += 1;
        state.workers[number].jobs += 1;
        state.workers[number].since = Some(self.clock.now());
    }

    /// The job of worker `number` has returned, or panicked.
    fn end(&self, number: usize, returned: bool) {
        let mut state = self.lock();
        let now = self.clock.now();
        state.jobs.running -= 1;
        match returned {
            true => state.jobs.done += 1,
            false => state.jobs.failed += 1,
        }
        let worker = &mut state.workers[number];
        if let Some(since) = worker.since.take() {
            worker.busy += now - since;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }
}

/// Where jobs announce the memory they hold.
#[derive(Clone)]
pub struct Gauge {
    monitor: Arc<Monitor>,
}

/// Bytes that count as held until this is dropped.
#[must_use = "the bytes count as held only while this lives"]
pub struct Held {
    monitor: Arc<Monitor>,
    bytes: u64,
}

impl Gauge {
    /// Counts `bytes` as held until the result is dropped, also by a panic.
    pub fn hold(&self, bytes: u64) -> Held {
        let mut state = self.monitor.lock();
        state.bytes.live += bytes;
        // Here, not in `snapshot`: a peak between two looks is a peak, too.
        state.bytes.peak = state.bytes.peak.max(state.bytes.live);
        Held {
            monitor: Arc::clone(&self.monitor),
            bytes,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.monitor.lock().bytes.live -= self.bytes;
    }
}

impl Snapshot {
    /// What happened since `earlier`, a snapshot of the same pool.
    ///
    /// A share is 0 if no time has passed, and never above 1: the clock of a processor
    /// is read a moment after the pool's.
    pub fn since(&self, earlier: &Self) -> Usage {
        let length = self.at.saturating_duration_since(earlier.at);
        let share = |time: Duration| match length.is_zero() {
            true => 0.0,
            false => (time.as_secs_f64() / length.as_secs_f64()).min(1.0),
        };
        let pairs = self.workers.iter().zip(&earlier.workers);
        let workers = pairs.map(|(now, then)| WorkerUsage {
            jobs: now.jobs - then.jobs,
            busy: share(now.busy.saturating_sub(then.busy)),
            // A worker that had not started then had used nothing.
            cpu: now
                .cpu
                .map(|cpu| share(cpu.saturating_sub(then.cpu.unwrap_or_default()))),
        });
        Usage {
            length,
            jobs: Jobs {
                submitted: self.jobs.submitted - earlier.jobs.submitted,
                done: self.jobs.done - earlier.jobs.done,
                failed: self.jobs.failed - earlier.jobs.failed,
                ..self.jobs
            },
            bytes: self.bytes,
            workers: workers.collect(),
        }
    }
}

impl fmt::Display for Usage {
    /// A table: the period, then a row for each worker, then the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Jobs {
            submitted,
            done,
            failed,
            queued,
            running,
        } = self.jobs;
        let seconds = self.length.as_secs_f64();
        writeln!(
            f,
            "in {seconds:.1} s: {submitted} submitted, {done} done, {failed} failed"
        )?;
        writeln!(f, "now: {queued} queued, {running} running")?;
        writeln!(f, "worker  jobs    busy     cpu")?;
        for (number, worker) in self.workers.iter().enumerate() {
            let (jobs, busy, cpu) = (worker.jobs, percent(Some(worker.busy)), percent(worker.cpu));
            writeln!(f, "{number:>6}  {jobs:>4}  {busy:>6}  {cpu:>6}")?;
        }
        write!(
            f,
            "bytes: {} live, {} peak",
            self.bytes.live, self.bytes.peak
        )
    }
}

/// Such as `40 %`, or `-` where nobody knows.
fn percent(share: Option<f64>) -> String {
    share.map_or("-".into(), |share| format!("{:.0} %", share * 100.0))
}
