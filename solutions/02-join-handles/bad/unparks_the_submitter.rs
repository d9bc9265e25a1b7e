//! Must fail: join_works_on_another_thread (wrong)
//! Hint: Your job wakes a thread when it is done. Which thread is that, and at which moment did you choose it?
//!
//! The mistake: `submit` notes its own thread, and the job unparks that one at its end. It
//! works as long as the same thread submits and joins. A handle that has moved to another
//! thread waits there for ever.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wt_core::thread;

type Job = Box<dyn FnOnce() + Send + 'static>;

#[derive(Debug)]
pub struct Pool {
    jobs: Mutex<Option<Sender<Job>>>,
    workers: Mutex<Vec<thread::JoinHandle<()>>>,
}

#[derive(Debug)]
pub struct JoinHandle<T> {
    result: Arc<Mutex<Option<thread::Result<T>>>>,
}

impl Pool {
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let (jobs, queue) = channel::unbounded();
        let workers = (0..workers)
            .map(|id| start_worker(id, queue.clone()))
            .collect();
        Ok(Pool {
            jobs: Mutex::new(Some(jobs)),
            workers: Mutex::new(workers),
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
        let result = Arc::new(Mutex::new(None));
        let (slot, submitter) = (Arc::clone(&result), thread::current());
        let job = move || {
            let result = catch_unwind(AssertUnwindSafe(job));
            *lock(&slot) = Some(result);
            submitter.unpark();
        };
        jobs.send(Box::new(job))
            .expect("a worker outlives its jobs");
        Ok(JoinHandle { result })
    }

    pub fn shutdown(&self) {
        drop(lock(&self.jobs).take());
        for worker in lock(&self.workers).drain(..) {
            let _ = worker.join();
        }
    }
}

impl<T> JoinHandle<T> {
    pub fn join(self) -> thread::Result<T> {
        loop {
            if let Some(result) = lock(&self.result).take() {
                return result;
            }
            thread::park();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn start_worker(id: usize, queue: Receiver<Job>) -> thread::JoinHandle<()> {
    thread::Builder::new()
        .name(format!("worker-{id}"))
        .spawn(move || {
            for job in queue {
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
