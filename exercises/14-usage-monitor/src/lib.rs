//! Lesson 14: a pool that can say what it is doing. The brief is in `README.md`.

use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::Arc;
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
    // What must one look find together, so that no job is missing or there twice?
    // And what of a worker can be read without asking the worker?
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
        let monitor = Arc::new(Monitor { clock });
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
        let _ = (job, &self.monitor);
        todo!("count the job, and send it to the workers")
    }

    /// Everything that is known now, of one moment. Never waits for a job.
    pub fn snapshot(&self) -> Snapshot {
        let _now = self.monitor.clock.now();
        todo!("look at everything at one moment")
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
    let _ = (jobs, monitor);
    todo!("run each job as worker {number}, and count where it is and how it ends")
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
        let _ = &self.monitor;
        todo!("count {bytes} bytes, and hand out what gives them back")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = &self.monitor;
        todo!("give {} bytes back", self.bytes)
    }
}

impl Snapshot {
    /// What happened since `earlier`, a snapshot of the same pool.
    ///
    /// A share is 0 if no time has passed, and never above 1: the clock of a processor
    /// is read a moment after the pool's.
    pub fn since(&self, earlier: &Self) -> Usage {
        let length = self.at.saturating_duration_since(earlier.at);
        let pairs = self.workers.iter().zip(&earlier.workers);
        let workers =
            pairs.map(|(_now, _then)| todo!("the worker's jobs and shares in {length:?}"));
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
