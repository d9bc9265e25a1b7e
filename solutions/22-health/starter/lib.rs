//! Lesson 22: health from heartbeats. The brief is in `README.md`.

use std::fmt::Write;

use wt_core::sync::Arc;
use wt_core::time::{Clock, Duration};

/// Knows how workers are. Clones know the same.
#[derive(Clone)]
pub struct Health {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    stalled_after: Duration,
    // What does a report need to know of each worker, and who writes it down?
}

/// A worker's own end: it tells what the worker does.
///
/// Dropped by a panic, it leaves a dead worker behind; dropped otherwise, none.
pub struct Heart {
    shared: Arc<Shared>,
    // Which worker is it?
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
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Registers a worker, which is idle.
    pub fn worker(&self, name: &str) -> Heart {
        let _ = &self.shared;
        todo!("register the worker {name}")
    }

    /// All that is known now. Never waits for a job.
    pub fn report(&self) -> Report {
        let _now = self.shared.clock.now();
        todo!("tell how each worker is, without waiting for one")
    }

    /// What has changed since the last call, in the order of the workers. A worker that
    /// stays stalled is told once.
    pub fn check(&self) -> Vec<Alarm> {
        todo!(
            "who has been silent for {:?}, and is it news?",
            self.shared.stalled_after
        )
    }
}

impl Heart {
    /// Runs `f` as the job called `job`. Beginning is a sign of life.
    ///
    /// Also if `f` panics the worker has no job afterwards, unless its thread ends of it.
    pub fn run<T>(&self, job: &str, f: impl FnOnce(&Pulse<'_>) -> T) -> T {
        let _ = (&self.shared, f);
        todo!("the worker has the job {job}, until it ends in whatever way")
    }
}

impl Pulse<'_> {
    /// Says that the job gets on.
    pub fn beat(&self) {
        let _ = self.heart;
        todo!("the job was alive just now")
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        todo!("is this a goodbye, or does the thread die of a panic?")
    }
}

impl Report {
    /// How all of them are.
    pub fn status(&self) -> Status {
        todo!("how are {} workers together?", self.workers.len())
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
    todo!("which characters of {text:?} may not stand in a JSON string as they are?")
}

/// `text` as the value of a label.
fn label(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n")
}
