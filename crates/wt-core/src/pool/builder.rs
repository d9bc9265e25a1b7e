//! How a pool is described before its threads exist.

use std::fmt;

use wt_sync::sync::Arc;
use wt_sync::sync::atomic::AtomicBool;
use wt_sync::thread;
use wt_sync::time::Duration;

use super::Pool;
use super::crew::{Crew, Hook, Plan};
use super::error::BuildError;
use super::idle::Idle;
use super::local::{Locals, WorkerLocal};
use super::policy::RejectionPolicy;
use super::queue::Queue;
use super::strategy::Strategy;
use super::watch::{Recorder, Watch};

/// How many jobs a queue holds unless [`Builder::queue`] says otherwise.
pub const DEFAULT_CAPACITY: usize = 1024;

/// Describes a [`Pool`]; made by [`Pool::builder`].
///
/// # Examples
///
/// ```
/// use wt_core::pool::{Pool, RejectionPolicy};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::builder()
///     .name("render")
///     .workers(2)
///     .queue(64, RejectionPolicy::Reject)
///     .build()?;
/// let name = pool.submit(|| std::thread::current().name().map(str::to_owned))?;
/// assert!(name.join()?.unwrap().starts_with("render-"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a builder starts no thread until `build`"]
pub struct Builder {
    name: String,
    workers: Option<usize>,
    min_workers: Option<usize>,
    idle_timeout: Option<Duration>,
    capacity: usize,
    policy: RejectionPolicy,
    max_in_flight: Option<usize>,
    strategy: Strategy,
    stack_size: Option<usize>,
    idle: Idle,
    watch: Watch,
    on_start: Vec<Hook>,
    on_exit: Vec<Hook>,
    locals: Locals,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            name: "worker".to_owned(),
            workers: None,
            min_workers: None,
            idle_timeout: None,
            capacity: DEFAULT_CAPACITY,
            policy: RejectionPolicy::default(),
            max_in_flight: None,
            strategy: Strategy::default(),
            stack_size: None,
            idle: Idle::default(),
            watch: Watch::off(),
            on_start: Vec::new(),
            on_exit: Vec::new(),
            locals: Locals::default(),
        }
    }

    /// Names the threads `{name}-0`, `{name}-1` and so on. The default is
    /// `worker`. Linux shows the first 15 bytes of a thread's name.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Sets the number of threads. The default is
    /// [`available_parallelism`](std::thread::available_parallelism), which on
    /// Linux honours the affinity mask and a container's CPU quota, or 1 if the
    /// system does not say.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Starts so many workers at once, at least 1, and the others when jobs come
    /// that nobody is free for. The default is to start all.
    ///
    /// A thread that the system refuses later on is no error: the pool goes on
    /// with those it has, and tries again with the next job.
    pub fn min_workers(mut self, workers: usize) -> Self {
        self.min_workers = Some(workers);
        self
    }

    /// Ends a worker that has slept for this long, down to
    /// [`min_workers`](Self::min_workers). The default is to keep all.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Sets how many jobs may be accepted and not ended, queued and running
    /// together. The rejection policy decides what happens to one more. The
    /// default is no limit beside that of the [`queue`](Self::queue).
    ///
    /// With 1, one job after the other, on any worker. A limit of 0 counts as 1.
    pub fn max_in_flight(mut self, jobs: usize) -> Self {
        self.max_in_flight = Some(jobs);
        self
    }

    /// Sets which worker gets a job. The default is [`Strategy::Shared`].
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Gives each worker a state of its own; see [`WorkerLocal`].
    pub fn worker_local<S: 'static>(mut self, local: &WorkerLocal<S>) -> Self {
        self.locals.0.push(local.maker());
        self
    }

    /// Calls `hook` with the worker's number on each worker's thread, before its
    /// first job: to set its CPU affinity, say. Hooks run in the order in which
    /// they were added, and before any [`worker_local`](Self::worker_local).
    ///
    /// A panic ends the worker, and another is started in its place; if that
    /// happens three times in a row, the seat stays empty. A pool that has no
    /// worker left is closed, and its jobs are discarded.
    pub fn on_start(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_start.push(Arc::new(hook));
        self
    }

    /// Calls `hook` with the worker's number on each worker's thread, after its
    /// last job. A panic ends the worker, which was ending.
    pub fn on_exit(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.on_exit.push(Arc::new(hook));
        self
    }

    /// Measures how long each worker is in jobs, for
    /// [`Pool::worker_stats`]. Off by default: it looks at the clock twice per
    /// job, which takes longer than a small job does.
    pub fn timing(mut self, on: bool) -> Self {
        self.watch.timing = on;
        self
    }

    /// Tells `recorder` how long jobs wait and run: every `one_in`th job, so that
    /// most pay nothing; 0 means none. The default is no recorder.
    pub fn recorder(mut self, recorder: Arc<dyn Recorder>, one_in: u32) -> Self {
        self.watch.recorder = Some(recorder);
        self.watch.one_in = one_in;
        self
    }

    /// Sets how many jobs may wait, and what [`Pool::submit`] does when that
    /// many do. The default is [`DEFAULT_CAPACITY`] and
    /// [`RejectionPolicy::Block`]. The memory is not reserved in advance.
    pub fn queue(mut self, capacity: usize, policy: RejectionPolicy) -> Self {
        self.capacity = capacity;
        self.policy = policy;
        self
    }

    /// Sets the size of each thread's stack in bytes. The default is that of
    /// [`std::thread::Builder::stack_size`]. A size below the least that the
    /// system allows is raised to it; a job that needs more than the stack has
    /// ends the process.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// Sets what a worker does before it sleeps. The default is
    /// [`Idle::Adaptive`].
    pub fn idle(mut self, idle: Idle) -> Self {
        self.idle = idle;
        self
    }

    /// Starts the workers.
    ///
    /// # Errors
    ///
    /// [`BuildError`] for 0 workers, a capacity of 0, a NUL byte in the name, or
    /// a thread that the system refuses. It is all or nothing: in the last case
    /// the threads that were started have been joined again.
    pub fn build(self) -> Result<Pool, BuildError> {
        let workers = self.workers.unwrap_or_else(default_workers);
        if workers == 0 {
            return Err(BuildError::NoWorkers);
        }
        if self.capacity == 0 {
            return Err(BuildError::NoCapacity);
        }
        if self.name.contains('\0') {
            return Err(BuildError::NulInName(self.name));
        }
        let floor = self.min_workers.unwrap_or(workers).clamp(1, workers);
        let plan = Plan {
            capacity: self.capacity as u64,
            max_in_flight: self
                .max_in_flight
                .map_or(u64::MAX, |jobs| jobs.max(1) as u64),
            target: workers,
            floor,
            idle_timeout: self.idle_timeout,
            strikes: 0,
        };
        let crew = Crew::new(
            self.name,
            self.stack_size,
            self.on_start,
            self.on_exit,
            self.locals,
        );
        let queue = Queue::new(plan, self.policy, self.idle, self.watch, crew);
        let pool = Pool {
            queue: Arc::new(queue),
            strategy: self.strategy,
            given_up: AtomicBool::new(false),
        };
        // On an error, dropping the pool joins the workers that were started.
        pool.queue
            .start_all(floor)
            .map_err(|(worker, source)| BuildError::Spawn { worker, source })?;
        Ok(pool)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.name)
            .field("workers", &self.workers)
            .field("capacity", &self.capacity)
            .field("policy", &self.policy)
            .field("strategy", &self.strategy)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}

fn default_workers() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
