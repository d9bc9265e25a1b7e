//! Lesson 04: which worker gets the job. The brief is in `README.md`.

use std::error::Error;
use std::fmt;

/// Decides which worker gets the next job.
///
/// A strategy only chooses. It starts no thread and moves no job, so it can be tried
/// without either.
pub trait Strategy: Send {
    /// The number of the worker for a job with this `key`.
    ///
    /// `loads[w]` is how many jobs worker `w` has at this moment, queued and
    /// running. There is at least one worker. The result is less than `loads.len()`.
    fn pick(&mut self, key: &str, loads: &[usize]) -> usize;
}

/// The workers in turn: 0, 1, 2, …, and from the beginning.
#[derive(Debug, Default)]
pub struct RoundRobin {
    // What must it remember between two jobs?
}

/// The worker with the fewest jobs; of several, the one with the lowest number.
#[derive(Debug, Default)]
pub struct LeastLoaded;

/// For each key always the same worker, whatever the load; many keys spread over all
/// workers.
#[derive(Debug, Default)]
pub struct ByKey;

impl Strategy for RoundRobin {
    fn pick(&mut self, _key: &str, loads: &[usize]) -> usize {
        todo!("choose one of {} workers: whose turn is it?", loads.len())
    }
}

impl Strategy for LeastLoaded {
    fn pick(&mut self, _key: &str, loads: &[usize]) -> usize {
        todo!("choose the worker with the fewest jobs of {loads:?}")
    }
}

impl Strategy for ByKey {
    fn pick(&mut self, key: &str, loads: &[usize]) -> usize {
        todo!("choose one of {} workers for {key:?}", loads.len())
    }
}

/// Workers with a queue each. A [`Strategy`] decides in which queue a job goes, and
/// there it stays: the jobs of one worker run one after the other, in order.
pub struct Dispatcher {
    // Each worker needs a queue of its own, and a count that both sides change.
    // Who may ask the strategy at the same time?
}

impl Dispatcher {
    /// Starts `workers` threads that wait for jobs.
    ///
    /// # Errors
    ///
    /// Returns [`ZeroWorkers`] if `workers` is 0: there would be nobody to pick.
    pub fn new(
        workers: usize,
        strategy: impl Strategy + 'static,
    ) -> Result<Dispatcher, ZeroWorkers> {
        let _ = strategy;
        todo!("start {workers} workers, each with a queue of its own")
    }

    /// Asks the strategy with the loads of this moment, queues `job` at the worker
    /// that it picks, and returns that worker's number. Never waits for a job.
    pub fn submit(&self, key: &str, job: impl FnOnce() + Send + 'static) -> usize {
        let _ = job;
        todo!("pick a worker for {key:?}, count the job, queue it")
    }

    /// How many jobs each worker has at this moment, queued and running.
    ///
    /// A job counts from the moment it is submitted until it has ended, also by a
    /// panic. A panic ends its job and nothing else.
    pub fn loads(&self) -> Vec<usize> {
        todo!("read every worker's count")
    }
}

impl Drop for Dispatcher {
    /// Lets each worker finish its queue, then waits for each to end.
    fn drop(&mut self) {
        todo!("tell the workers that no job will follow, then wait for them")
    }
}

/// The error of [`Dispatcher::new`]: there must be at least one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroWorkers;

impl fmt::Display for ZeroWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("with 0 workers there is nobody to pick")
    }
}

impl Error for ZeroWorkers {}
