//! Must fail: every_snapshot_balances (wrong)
//! Redact: numbers
//! Hint: Each of your counters is right, and they are read one after another while jobs move on. How can a job be caught between two counters, or counted in both?
//!
//! The mistake: every counter is an atomic of its own. A snapshot reads them one by one,
//! and the jobs do not stand still meanwhile.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::monitor::CpuClock;
use wt_core::sync::{Arc, Mutex, MutexGuard};
use wt_core::thread::{self, JoinHandle};
use wt_core::time::{Clock, Duration, Instant};

type Job = Box<dyn FnOnce() + Send>;

pub struct Pool {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    monitor: Arc<Monitor>,
}

struct Monitor {
    clock: Arc<dyn Clock>,
    submitted: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
    queued: AtomicU64,
    running: AtomicU64,
    state: Mutex<State>,
}

struct State {
    bytes: Bytes,
    workers: Vec<Worker>,
}

#[derive(Clone, Copy, Default)]
struct Worker {
    jobs: u64,
    busy: Duration,
    since: Option<Instant>,
    cpu: Option<CpuClock>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub at: Instant,
    pub jobs: Jobs,
    pub bytes: Bytes,
    pub workers: Vec<WorkerTotals>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Jobs {
    pub submitted: u64,
    pub done: u64,
    pub failed: u64,
    pub queued: u64,
    pub running: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bytes {
    pub live: u64,
    pub peak: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkerTotals {
    pub jobs: u64,
    pub busy: Duration,
    pub cpu: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    pub length: Duration,
    pub jobs: Jobs,
    pub bytes: Bytes,
    pub workers: Vec<WorkerUsage>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkerUsage {
    pub jobs: u64,
    pub busy: f64,
    pub cpu: Option<f64>,
}

impl Pool {
    pub fn new(workers: usize, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            bytes: Bytes::default(),
            workers: vec![Worker::default(); workers],
        };
        let monitor = Arc::new(Monitor {
            clock,
            submitted: AtomicU64::new(0),
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            queued: AtomicU64::new(0),
            running: AtomicU64::new(0),
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

    pub fn submit(&self, job: impl FnOnce() + Send + 'static) {
        let Some(jobs) = &self.jobs else { return };
        self.monitor.submitted.fetch_add(1, Relaxed);
        self.monitor.queued.fetch_add(1, Relaxed);
        let _ = jobs.send(Box::new(job));
    }

    pub fn snapshot(&self) -> Snapshot {
        let submitted = self.monitor.submitted.load(Relaxed);
        let done = self.monitor.done.load(Relaxed);
        let failed = self.monitor.failed.load(Relaxed);
        let state = self.monitor.lock();
        let now = self.monitor.clock.now();
        let workers = state.workers.iter().map(|worker| WorkerTotals {
            jobs: worker.jobs,
            busy: worker.busy + worker.since.map_or(Duration::ZERO, |since| now - since),
            cpu: worker.cpu.and_then(|clock| clock.read()),
        });
        let workers = workers.collect();
        Snapshot {
            at: now,
            jobs: Jobs {
                submitted,
                done,
                failed,
                queued: self.monitor.queued.load(Relaxed),
                running: self.monitor.running.load(Relaxed),
            },
            bytes: state.bytes,
            workers,
        }
    }

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
            let _ = thread.join();
        }
    }
}

fn work(number: usize, jobs: &Receiver<Job>, monitor: &Monitor) {
    monitor.lock().workers[number].cpu = CpuClock::of_this_thread();
    for job in jobs {
        monitor.begin(number);
        let outcome = catch_unwind(AssertUnwindSafe(job));
        monitor.end(number, outcome.is_ok());
    }
}

impl Monitor {
    fn begin(&self, number: usize) {
        self.queued.fetch_sub(1, Relaxed);
        self.running.fetch_add(1, Relaxed);
        let mut state = self.lock();
        state.workers[number].jobs += 1;
        state.workers[number].since = Some(self.clock.now());
    }

    fn end(&self, number: usize, returned: bool) {
        let mut state = self.lock();
        let now = self.clock.now();
        self.running.fetch_sub(1, Relaxed);
        match returned {
            true => self.done.fetch_add(1, Relaxed),
            false => self.failed.fetch_add(1, Relaxed),
        };
        let worker = &mut state.workers[number];
        if let Some(since) = worker.since.take() {
            worker.busy += now - since;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }
}

#[derive(Clone)]
pub struct Gauge {
    monitor: Arc<Monitor>,
}

#[must_use = "the bytes count as held only while this lives"]
pub struct Held {
    monitor: Arc<Monitor>,
    bytes: u64,
}

impl Gauge {
    pub fn hold(&self, bytes: u64) -> Held {
        let mut state = self.monitor.lock();
        state.bytes.live += bytes;
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

fn percent(share: Option<f64>) -> String {
    share.map_or("-".into(), |share| format!("{:.0} %", share * 100.0))
}
