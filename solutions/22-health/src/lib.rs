//! Is every worker alive, and does every job get on? Answers from heartbeats, as a
//! value, as alarms, as JSON and as text for Prometheus.
//!
//! Workers leave notes, and whoever asks reads them: nobody waits for anybody. The rule
//! is a watchdog's: not how long a job takes, but how long it has been silent.

use std::fmt::Write;

use wt_core::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wt_core::thread;
use wt_core::time::{Clock, Duration, Instant};

/// Knows how workers are. Clones know the same.
#[derive(Clone)]
pub struct Health {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    stalled_after: Duration,
    workers: Mutex<Vec<Worker>>,
}

struct Worker {
    /// Unlike its name and its place in the list, this is its own for ever.
    id: u64,
    name: String,
    jobs: u64,
    current: Option<Job>,
    dead: bool,
    /// The state that the last `check` has seen.
    told: State,
}

struct Job {
    name: String,
    begun: Instant,
    /// When it last gave a sign of life; its beginning is one.
    beat: Instant,
}

/// A worker's own end: it tells what the worker does.
///
/// Dropped by a panic, it leaves a dead worker behind; dropped otherwise, none.
pub struct Heart {
    shared: Arc<Shared>,
    id: u64,
}

/// What a job gets, to say that it gets on.
pub struct Pulse<'a> {
    heart: &'a Heart,
}

/// How a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has no job. That may last for days.
    Idle,
    /// It has a job, whose last sign of life is younger than the threshold.
    Working,
    /// It has a job that has been silent for as long as the threshold or longer.
    Stalled,
    /// Its thread has panicked.
    Dead,
}

/// How all of them are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Every worker is idle or working, or there are none.
    Ok,
    /// Some are stalled or dead.
    Degraded,
    /// There are workers, and all are stalled or dead.
    Down,
}

/// All that is known at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// In the order in which they were registered.
    pub workers: Vec<WorkerReport>,
}

/// What is known of one worker.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerReport {
    /// As registered.
    pub name: String,
    /// How it is.
    pub state: State,
    /// Jobs it has begun.
    pub jobs: u64,
    /// Its current job, if it has one.
    pub job: Option<JobReport>,
}

/// What is known of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobReport {
    /// As given to [`Heart::run`].
    pub name: String,
    /// Time since it began.
    pub age: Duration,
    /// Time since its last sign of life.
    pub silent: Duration,
}

/// Something that somebody should know. It is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// The worker has become stalled, in this job.
    Stalled {
        /// Its name.
        worker: String,
        /// The job's name.
        job: String,
    },
    /// The worker has become dead.
    Dead {
        /// Its name.
        worker: String,
    },
    /// The worker was stalled, and is idle or working again.
    Recovered {
        /// Its name.
        worker: String,
    },
}

impl Health {
    /// Nobody is registered yet. A job that is silent for `stalled_after` has stalled.
    pub fn new(clock: Arc<dyn Clock>, stalled_after: Duration) -> Self {
        let shared = Shared {
            clock,
            stalled_after,
            workers: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Registers a worker, which is idle.
    pub fn worker(&self, name: &str) -> Heart {
        let mut workers = self.shared.lock();
        // One more than the newest: ids of workers that have gone are not needed again.
        let id = workers.last().map_or(0, |newest| newest.id + 1);
        workers.push(Worker {
            id,
            name: name.to_owned(),
            jobs: 0,
            current: None,
            dead: false,
            told: State::Idle,
        });
        Heart {
            shared: Arc::clone(&self.shared),
            id,
        }
    }

    /// All that is known now. Never waits for a job.
    pub fn report(&self) -> Report {
        let workers = self.shared.lock();
        let now = self.shared.clock.now();
        let report = |worker: &Worker| WorkerReport {
            name: worker.name.clone(),
            state: worker.state(now, self.shared.stalled_after),
            jobs: worker.jobs,
            job: worker.current.as_ref().map(|job| JobReport {
                name: job.name.clone(),
                age: now - job.begun,
                silent: now - job.beat,
            }),
        };
        Report {
            workers: workers.iter().map(report).collect(),
        }
    }

    /// What has changed since the last call, in the order of the workers. A worker that
    /// stays stalled is told once.
    pub fn check(&self) -> Vec<Alarm> {
        let mut workers = self.shared.lock();
        let now = self.shared.clock.now();
        let mut alarms = Vec::new();
        for worker in &mut *workers {
            let state = worker.state(now, self.shared.stalled_after);
            let before = std::mem::replace(&mut worker.told, state);
            let name = worker.name.clone();
            match (before, state) {
                (State::Stalled, State::Stalled) | (State::Dead, State::Dead) => {}
                (_, State::Stalled) => alarms.push(Alarm::Stalled {
                    worker: name,
                    job: worker
                        .current
                        .as_ref()
                        .map_or("", |job| &job.name)
                        .to_owned(),
                }),
                (_, State::Dead) => alarms.push(Alarm::Dead { worker: name }),
                (State::Stalled, _) => alarms.push(Alarm::Recovered { worker: name }),
                _ => {}
            }
        }
        alarms
    }
}

impl Worker {
    fn state(&self, now: Instant, stalled_after: Duration) -> State {
        match &self.current {
            _ if self.dead => State::Dead,
            None => State::Idle,
            Some(job) if now - job.beat >= stalled_after => State::Stalled,
            Some(_) => State::Working,
        }
    }
}

impl Heart {
    /// Runs `f` as the job called `job`. Beginning is a sign of life.
    ///
    /// Also if `f` panics the worker has no job afterwards, unless its thread ends of it.
    pub fn run<T>(&self, job: &str, f: impl FnOnce(&Pulse<'_>) -> T) -> T {
        let begun = self.shared.clock.now();
        self.change(|worker| {
            worker.jobs += 1;
            worker.current = Some(Job {
                name: job.to_owned(),
                begun,
                beat: begun,
            });
        });
        let pulse = Pulse { heart: self };
        f(&pulse) // without any lock; the pulse's drop ends the job, by a panic too
    }

    fn change(&self, change: impl FnOnce(&mut Worker)) {
        let mut workers = self.shared.lock();
        if let Some(worker) = workers.iter_mut().find(|worker| worker.id == self.id) {
            change(worker);
        }
    }
}

impl Pulse<'_> {
    /// Says that the job gets on.
    pub fn beat(&self) {
        let now = self.heart.shared.clock.now();
        self.heart.change(|worker| {
            if let Some(job) = &mut worker.current {
                job.beat = now;
            }
        });
    }
}

impl Drop for Pulse<'_> {
    fn drop(&mut self) {
        self.heart.change(|worker| worker.current = None);
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        if thread::panicking() {
            self.change(|worker| worker.dead = true);
        } else {
            self.shared.lock().retain(|worker| worker.id != self.id);
        }
    }
}

impl Shared {
    /// A job never runs under this lock, so what a panicking one leaves is whole.
    fn lock(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Report {
    /// How all of them are.
    pub fn status(&self) -> Status {
        let ill = |worker: &&WorkerReport| matches!(worker.state, State::Stalled | State::Dead);
        match self.workers.iter().filter(ill).count() {
            0 => Status::Ok,
            n if n == self.workers.len() => Status::Down,
            _ => Status::Degraded,
        }
    }

    /// One line of JSON: the status, and for each worker its name, its state, how many
    /// jobs it has begun, and its job, if any, with both times in seconds.
    pub fn to_json(&self) -> String {
        let workers = self.workers.iter().map(|worker| {
            let job = worker.job.as_ref().map_or(String::new(), |job| {
                format!(
                    r#","job":"{}","age":{:.1},"silent":{:.1}"#,
                    json(&job.name),
                    job.age.as_secs_f64(),
                    job.silent.as_secs_f64()
                )
            });
            format!(
                r#"{{"name":"{}","state":"{}","jobs":{}{job}}}"#,
                json(&worker.name),
                worker.state.word(),
                worker.jobs
            )
        });
        let workers: Vec<String> = workers.collect();
        let status = self.status().word();
        format!(
            r#"{{"status":"{status}","workers":[{}]}}"#,
            workers.join(",")
        )
    }

    /// The text format of Prometheus: three metrics, the lines of each together.
    pub fn to_metrics(&self) -> String {
        let mut text = String::new();
        let mut metric = |name: &str, kind: &str, value: &dyn Fn(&WorkerReport) -> String| {
            let _ = writeln!(text, "# TYPE {name} {kind}");
            for worker in &self.workers {
                let label = label(&worker.name);
                let _ = writeln!(text, "{name}{{worker=\"{label}\"}} {}", value(worker));
            }
        };
        metric("worker_up", "gauge", &|worker| {
            let up = matches!(worker.state, State::Idle | State::Working);
            u8::from(up).to_string()
        });
        metric("worker_silent_seconds", "gauge", &|worker| {
            let silent = worker.job.as_ref().map_or(Duration::ZERO, |job| job.silent);
            format!("{:.1}", silent.as_secs_f64())
        });
        metric("worker_jobs_total", "counter", &|worker| {
            worker.jobs.to_string()
        });
        text
    }
}

impl State {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Working => "working",
            Self::Stalled => "stalled",
            Self::Dead => "dead",
        }
    }
}

impl Status {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// `text` as the inside of a JSON string.
fn json(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0'..='\x1f' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// `text` as the value of a label.
fn label(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n")
}
