//! Must fail: the_states_of_a_worker (wrong), a_long_job_that_beats_is_working (wrong), the_alarm_names_worker_and_job (wrong), each_change_is_told_once (wrong)
//! Hint: You call a job stalled because it is old, and a healthy upload of an hour raises an alarm. What does a job that gets on do that one that hangs does not?
//!
//! The mistake: the rule is an age limit on the job. Beats are stored and never looked at.

use std::fmt::Write;

use wt_core::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wt_core::thread;
use wt_core::time::{Clock, Duration, Instant};

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
    id: u64,
    name: String,
    jobs: u64,
    current: Option<Job>,
    dead: bool,
    told: State,
}

struct Job {
    name: String,
    begun: Instant,
    beat: Instant,
}

pub struct Heart {
    shared: Arc<Shared>,
    id: u64,
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
            clock,
            stalled_after,
            workers: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub fn worker(&self, name: &str) -> Heart {
        let mut workers = self.shared.lock();
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
            Some(job) if now - job.begun >= stalled_after => State::Stalled,
            Some(_) => State::Working,
        }
    }
}

impl Heart {
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
        f(&pulse)
    }

    fn change(&self, change: impl FnOnce(&mut Worker)) {
        let mut workers = self.shared.lock();
        if let Some(worker) = workers.iter_mut().find(|worker| worker.id == self.id) {
            change(worker);
        }
    }
}

impl Pulse<'_> {
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
    fn lock(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
