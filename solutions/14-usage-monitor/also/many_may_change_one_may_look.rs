//! Also right: atomic counters under a lock for readers and writers, the wrong way round.
//! Who changes a counter takes it to read, since many may change at once. Who looks takes
//! it to write: then nothing changes.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::monitor::CpuClock;
use wt_core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use wt_core::sync::{Arc, Mutex, RwLock, RwLockReadGuard};
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
    born: Instant,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    submitted: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
    running: AtomicU64,
    live: AtomicU64,
    peak: AtomicU64,
    workers: Vec<Mutex<Worker>>,
}

#[derive(Clone, Copy, Default)]
struct Worker {
    jobs: u64,
    idle: Duration,
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
        let now = clock.now();
        let worker = Worker {
            since: Some(now),
            ..Worker::default()
        };
        let state = State {
            workers: (0..workers).map(|_| Mutex::new(worker)).collect(),
            ..State::default()
        };
        let monitor = Arc::new(Monitor {
            clock,
            born: now,
            state: RwLock::new(state),
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
        self.monitor.read().submitted.fetch_add(1, Relaxed);
        let _ = jobs.send(Box::new(job));
    }

    pub fn snapshot(&self) -> Snapshot {
        let state = self.monitor.state.write().expect("nothing panics here");
        let now = self.monitor.clock.now();
        let load = |counter: &AtomicU64| counter.load(Relaxed);
        let (submitted, done) = (load(&state.submitted), load(&state.done));
        let (failed, running) = (load(&state.failed), load(&state.running));
        let workers = state.workers.iter().map(|worker| {
            let worker = worker.lock().expect("nothing panics here");
            let idle = worker.idle + worker.since.map_or(Duration::ZERO, |since| now - since);
            WorkerTotals {
                jobs: worker.jobs,
                busy: (now - self.monitor.born) - idle,
                cpu: worker.cpu.and_then(|clock| clock.read()),
            }
        });
        Snapshot {
            at: now,
            jobs: Jobs {
                submitted,
                done,
                failed,
                queued: submitted - done - failed - running,
                running,
            },
            bytes: Bytes {
                live: load(&state.live),
                peak: load(&state.peak),
            },
            workers: workers.collect(),
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
    let mine = |change: &dyn Fn(&State, &mut Worker)| {
        let state = monitor.read();
        let mut worker = state.workers[number].lock().expect("nothing panics here");
        change(&state, &mut worker);
    };
    mine(&|_, worker| worker.cpu = CpuClock::of_this_thread());
    for job in jobs {
        mine(&|state, worker| {
            state.running.fetch_add(1, Relaxed);
            worker.jobs += 1;
            if let Some(since) = worker.since.take() {
                worker.idle += monitor.clock.now() - since;
            }
        });
        let outcome = catch_unwind(AssertUnwindSafe(job));
        mine(&|state, worker| {
            state.running.fetch_sub(1, Relaxed);
            let counter = if outcome.is_ok() {
                &state.done
            } else {
                &state.failed
            };
            counter.fetch_add(1, Relaxed);
            worker.since = Some(monitor.clock.now());
        });
    }
}

impl Monitor {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().expect("nothing panics here")
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
        let state = self.monitor.read();
        let live = state.live.fetch_add(bytes, Relaxed) + bytes;
        state.peak.fetch_max(live, Relaxed);
        drop(state);
        Held {
            monitor: Arc::clone(&self.monitor),
            bytes,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.monitor.read().live.fetch_sub(self.bytes, Relaxed);
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
