//! Also right: a worker writes to notes of its own, most of them atomics, and beats without
//! a lock. A report reads all notes; there are no ids, and nobody searches.

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wt_core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use wt_core::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wt_core::thread;
use wt_core::time::{Clock, Duration, Instant};

#[derive(Clone)]
pub struct Health {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    born: Instant,
    stalled_after: Duration,
    slots: Mutex<Vec<Slot>>,
}

/// A worker in the list, and what was last told of it.
struct Slot {
    notes: Arc<Notes>,
    told: State,
}

/// What the worker writes and the report reads.
struct Notes {
    name: String,
    jobs: AtomicU64,
    /// The job's name and when it began, in nanoseconds since the start.
    job: Mutex<Option<(String, u64)>>,
    beat: AtomicU64,
    dead: AtomicBool,
}

pub struct Heart {
    shared: Arc<Shared>,
    notes: Arc<Notes>,
}

pub struct Pulse<'a> {
    heart: &'a Heart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Idle,
    Working,
    Stalled,
    Dead,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Ok,
    Degraded,
    Down,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub workers: Vec<WorkerReport>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct WorkerReport {
    pub name: String,
    pub state: State,
    pub jobs: u64,
    pub job: Option<JobReport>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct JobReport {
    pub name: String,
    pub age: Duration,
    pub silent: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    Stalled { worker: String, job: String },
    Dead { worker: String },
    Recovered { worker: String },
}

impl Health {
    pub fn new(clock: Arc<dyn Clock>, stalled_after: Duration) -> Self {
        let shared = Shared {
            born: clock.now(),
            clock,
            stalled_after,
            slots: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub fn worker(&self, name: &str) -> Heart {
        let notes = Arc::new(Notes {
            name: name.to_owned(),
            jobs: AtomicU64::new(0),
            job: Mutex::default(),
            beat: AtomicU64::new(0),
            dead: AtomicBool::new(false),
        });
        lock(&self.shared.slots).push(Slot {
            notes: Arc::clone(&notes),
            told: State::Idle,
        });
        Heart {
            shared: Arc::clone(&self.shared),
            notes,
        }
    }

    pub fn report(&self) -> Report {
        let slots = lock(&self.shared.slots);
        let workers = slots.iter().map(|slot| self.shared.look(&slot.notes));
        Report {
            workers: workers.collect(),
        }
    }

    pub fn check(&self) -> Vec<Alarm> {
        let mut slots = lock(&self.shared.slots);
        let alarms = slots.iter_mut().filter_map(|slot| {
            let seen = self.shared.look(&slot.notes);
            let before = std::mem::replace(&mut slot.told, seen.state);
            if before == seen.state {
                return None;
            }
            let worker = seen.name;
            match seen.state {
                State::Dead => Some(Alarm::Dead { worker }),
                State::Stalled => Some(Alarm::Stalled {
                    worker,
                    job: seen.job?.name,
                }),
                State::Idle | State::Working => {
                    (before == State::Stalled).then_some(Alarm::Recovered { worker })
                }
            }
        });
        alarms.collect()
    }
}

impl Shared {
    fn now(&self) -> u64 {
        (self.clock.now() - self.born).as_nanos() as u64
    }

    fn look(&self, notes: &Notes) -> WorkerReport {
        let now = self.now();
        let since = |then: u64| Duration::from_nanos(now.saturating_sub(then));
        let job = lock(&notes.job).clone().map(|(name, begun)| JobReport {
            name,
            age: since(begun),
            silent: since(notes.beat.load(Relaxed)),
        });
        let state = match &job {
            _ if notes.dead.load(Relaxed) => State::Dead,
            None => State::Idle,
            Some(job) if job.silent < self.stalled_after => State::Working,
            Some(_) => State::Stalled,
        };
        WorkerReport {
            name: notes.name.clone(),
            state,
            jobs: notes.jobs.load(Relaxed),
            job,
        }
    }
}

impl Heart {
    pub fn run<T>(&self, job: &str, f: impl FnOnce(&Pulse<'_>) -> T) -> T {
        let now = self.shared.now();
        self.notes.jobs.fetch_add(1, Relaxed);
        self.notes.beat.store(now, Relaxed);
        *lock(&self.notes.job) = Some((job.to_owned(), now));
        let result = catch_unwind(AssertUnwindSafe(|| f(&Pulse { heart: self })));
        *lock(&self.notes.job) = None;
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

impl Pulse<'_> {
    pub fn beat(&self) {
        let now = self.heart.shared.now();
        self.heart.notes.beat.store(now, Relaxed);
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        if thread::panicking() {
            self.notes.dead.store(true, Relaxed);
        } else {
            let mut slots = lock(&self.shared.slots);
            slots.retain(|slot| !Arc::ptr_eq(&slot.notes, &self.notes));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Report {
    pub fn status(&self) -> Status {
        let ill = |worker: &&WorkerReport| matches!(worker.state, State::Stalled | State::Dead);
        match self.workers.iter().filter(ill).count() {
            0 => Status::Ok,
            n if n == self.workers.len() => Status::Down,
            _ => Status::Degraded,
        }
    }

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
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

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

fn label(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n")
}
