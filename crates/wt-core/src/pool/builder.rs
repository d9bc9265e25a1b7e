//! How a pool is described before its threads exist.

use wt_sync::sync::{Arc, Mutex};
use wt_sync::thread;

use super::Pool;
use super::error::BuildError;
use super::policy::RejectionPolicy;
use super::queue::Queue;
use super::worker;

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
#[derive(Debug, Clone)]
#[must_use = "a builder starts no thread until `build`"]
pub struct Builder {
    name: String,
    workers: Option<usize>,
    capacity: usize,
    policy: RejectionPolicy,
    stack_size: Option<usize>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            name: "worker".to_owned(),
            workers: None,
            capacity: DEFAULT_CAPACITY,
            policy: RejectionPolicy::default(),
            stack_size: None,
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

    /// Sets how many jobs may wait, and what [`Pool::submit`] does when that
    /// many do. The default is [`DEFAULT_CAPACITY`] and
    /// [`RejectionPolicy::Block`]. The memory is not reserved in advance.
    pub fn queue(mut self, capacity: usize, policy: RejectionPolicy) -> Self {
        self.capacity = capacity;
        self.policy = policy;
        self
    }

    /// Sets the size of each thread's stack in bytes. The default is that of
    /// [`std::thread::Builder::stack_size`].
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
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
        let pool = Pool {
            queue: Arc::new(Queue::new(workers, self.capacity, self.policy)),
            threads: Mutex::new(Vec::new()),
            workers,
            name: self.name,
        };
        for worker in 0..workers {
            // On an error, dropping the pool joins the workers that were started.
            pool.start_worker(worker, self.stack_size)
                .map_err(|source| BuildError::Spawn { worker, source })?;
        }
        Ok(pool)
    }
}

impl Pool {
    fn start_worker(&self, index: usize, stack_size: Option<usize>) -> std::io::Result<()> {
        let mut builder = thread::Builder::new().name(format!("{}-{index}", self.name));
        if let Some(bytes) = stack_size {
            builder = builder.stack_size(bytes);
        }
        let queue = Arc::clone(&self.queue);
        let thread = builder.spawn(move || worker::work(queue))?;
        self.threads().push(thread);
        Ok(())
    }
}

fn default_workers() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
