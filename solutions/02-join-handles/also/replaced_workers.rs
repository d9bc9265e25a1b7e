//! Also right: a worker dies of a panic, and leaves a successor
//!
//! The job's panic is told to its handle and then goes on, and ends the thread. A guard in
//! the worker starts another one while it unwinds, so that the pool keeps its size. Pools of
//! processes and of Node workers do it this way, because there a crash cannot be caught. It
//! costs a thread start for each panic.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wt_core::thread;

type Job = Box<dyn FnOnce() + Send + 'static>;
type Workers = Arc<Mutex<Vec<thread::JoinHandle<()>>>>;

#[derive(Debug)]
pub struct Pool {
    jobs: Mutex<Option<Sender<Job>>>,
    workers: Workers,
}

#[derive(Debug)]
pub struct JoinHandle<T> {
    result: Receiver<thread::Result<T>>,
}

impl Pool {
    pub fn new(workers: usize) -> Result<Pool, ZeroWorkers> {
        if workers == 0 {
            return Err(ZeroWorkers);
        }
        let (jobs, queue) = channel::unbounded();
        let pool = Pool {
            jobs: Mutex::new(Some(jobs)),
            workers: Arc::default(),
        };
        for id in 0..workers {
            start_worker(id, queue.clone(), Arc::clone(&pool.workers));
        }
        Ok(pool)
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
        let (tx, result) = channel::bounded(1);
        let job = move || match catch_unwind(AssertUnwindSafe(job)) {
            Ok(value) => {
                let _ = tx.send(Ok(value));
            }
            Err(payload) => {
                let _ = tx.send(Err(payload));
                resume_unwind(Box::new("the worker ends"));
            }
        };
        jobs.send(Box::new(job)).expect("a worker has a successor");
        Ok(JoinHandle { result })
    }

    pub fn shutdown(&self) {
        drop(lock(&self.jobs).take());
        loop {
            let Some(worker) = lock(&self.workers).pop() else {
                return;
            };
            let _ = worker.join();
        }
    }
}

impl<T> JoinHandle<T> {
    pub fn join(self) -> thread::Result<T> {
        self.result.recv().expect("a queued job runs")
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

struct Successor {
    id: usize,
    queue: Receiver<Job>,
    workers: Workers,
}

impl Drop for Successor {
    fn drop(&mut self) {
        if thread::panicking() {
            start_worker(self.id, self.queue.clone(), Arc::clone(&self.workers));
        }
    }
}

fn start_worker(id: usize, queue: Receiver<Job>, workers: Workers) {
    let successor = Successor {
        id,
        queue,
        workers: Arc::clone(&workers),
    };
    let worker = thread::Builder::new()
        .name(format!("worker-{id}"))
        .spawn(move || {
            for job in &successor.queue {
                job();
            }
        })
        .expect("the operating system starts another thread");
    lock(&workers).push(worker);
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
