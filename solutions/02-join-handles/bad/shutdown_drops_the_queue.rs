//! Must fail: shutdown_runs_what_is_queued (wrong), a_handle_outlives_its_pool (wrong)
//! Hint: Your workers stop as soon as they hear of the shutdown. What is still in the queue at that moment, and who waits for it?
//!
//! The mistake: a flag that a worker reads before each job. The jobs in the queue are
//! dropped, nobody fills the places for their results, and each of their handles waits for
//! ever.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::atomic::{AtomicBool, Ordering};
use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use wt_core::thread;

type Job = Box<dyn FnOnce() + Send + 'static>;

#[derive(Debug)]
pub struct Pool {
    jobs: Mutex<Option<Sender<Job>>>,
    workers: Mutex<Vec<thread::JoinHandle<()>>>,
    stop: Arc<AtomicBool>,
}

#[derive(Debug)]
pub struct JoinHandle<T> {
    slot: Arc<Slot<T>>,
}

#[derive(Debug)]
struct Slot<T> {
    result: Mutex<Option<thread::Result<T>>>,
    filled: Condvar,
}

impl Pool {
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let (jobs, queue) = channel::unbounded();
        let stop = Arc::new(AtomicBool::new(false));
        let workers = (0..workers)
            .map(|id| start_worker(id, queue.clone(), Arc::clone(&stop)))
            .collect();
        Ok(Pool {
            jobs: Mutex::new(Some(jobs)),
            workers: Mutex::new(workers),
            stop,
        })
    }

    pub fn submit<T, F>(&self, job: F) -> Result<JoinHandle<T>, SubmitError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let jobs = lock(&self.jobs);
        let Some(jobs) = jobs.as_ref() else {
            return Err(SubmitError(job));
        };
        let slot = Arc::new(Slot {
            result: Mutex::new(None),
            filled: Condvar::new(),
        });
        let place = Arc::clone(&slot);
        let job = move || {
            let result = catch_unwind(AssertUnwindSafe(job));
            *lock(&place.result) = Some(result);
            place.filled.notify_all();
        };
        jobs.send(Box::new(job))
            .expect("a worker outlives its jobs");
        Ok(JoinHandle { slot })
    }

    pub fn shutdown(&self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(lock(&self.jobs).take());
        for worker in lock(&self.workers).drain(..) {
            let _ = worker.join();
        }
    }
}

impl<T> JoinHandle<T> {
    pub fn join(self) -> thread::Result<T> {
        let mut result = lock(&self.slot.result);
        loop {
            if let Some(result) = result.take() {
                return result;
            }
            result = self
                .slot
                .filled
                .wait(result)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn start_worker(id: usize, queue: Receiver<Job>, stop: Arc<AtomicBool>) -> thread::JoinHandle<()> {
    thread::Builder::new()
        .name(format!("worker-{id}"))
        .spawn(move || {
            for job in queue {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                job();
            }
        })
        .expect("the operating system starts another thread")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroWorkers;

impl fmt::Display for ZeroWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a pool of 0 workers would never run a job")
    }
}

impl Error for ZeroWorkers {}

pub struct SubmitError<F>(pub F);

impl<F> fmt::Debug for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubmitError(..)")
    }
}

impl<F> fmt::Display for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool has been shut down")
    }
}

impl<F> Error for SubmitError<F> {}
