//! Must fail: drop_finishes_the_queued_jobs (wrong)
//! Hint: Your workers end as soon as the pool closes, with jobs still in the queue that `execute` had accepted. In which order does a worker ask its two questions: is the pool closing, and is there another job?
//!
//! The mistake: a stop flag that a worker reads before each job. The jobs still in the queue
//! are dropped with it, and nobody hears of them.

use std::error::Error;
use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::Arc;
use wt_core::sync::atomic::{AtomicBool, Ordering};
use wt_core::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send + 'static>;

/// A fixed number of worker threads that share one queue of jobs.
pub struct Pool {
    jobs: Option<Sender<Job>>,
    stopping: Arc<AtomicBool>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts a pool of `workers` threads that wait for jobs.
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let (jobs, queue) = channel::unbounded();
        let stopping = Arc::new(AtomicBool::new(false));
        let workers = (0..workers)
            .map(|_| start_worker(queue.clone(), Arc::clone(&stopping)))
            .collect();
        Ok(Pool {
            jobs: Some(jobs),
            stopping,
            workers,
        })
    }

    /// Queues `job`; the first free worker runs it.
    pub fn execute<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        let jobs = self.jobs.as_ref().expect("only `drop` takes the sender");
        jobs.send(Box::new(job)).expect("a worker is alive");
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Release);
        drop(self.jobs.take());
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

fn start_worker(queue: Receiver<Job>, stopping: Arc<AtomicBool>) -> JoinHandle<()> {
    thread::spawn(move || {
        for job in queue {
            if stopping.load(Ordering::Acquire) {
                break;
            }
            job();
        }
    })
}

/// The error of [`Pool::new`]: a pool needs at least one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroWorkers;

impl fmt::Display for ZeroWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pool of 0 workers would never run a job")
    }
}

impl Error for ZeroWorkers {}
