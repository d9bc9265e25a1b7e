//! Must fail: a_thousand_panics_leave_n_workers (wrong)
//! Hint: Your worker hands the panic to the handle and then lets it go on, so its thread ends. Who still believes that this worker is idle, and where do the jobs go that it is given?
//!
//! The mistake: each worker has a channel of its own, and a guard reports it as idle when a
//! job is over, also when the job has panicked. But that worker's thread ends with the panic.
//! A worker that is dead is idle for ever, and gets the next job.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Mutex, MutexGuard, PoisonError};
use wt_core::thread;

type Job = Box<dyn FnOnce() + Send + 'static>;

#[derive(Debug)]
pub struct Pool {
    jobs: Mutex<Option<Sender<Job>>>,
    dispatcher: Mutex<Option<thread::JoinHandle<()>>>,
    workers: Mutex<Vec<thread::JoinHandle<()>>>,
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
        let (jobs, queue) = channel::unbounded::<Job>();
        let (idle, next_idle) = channel::unbounded();
        let mut inboxes = Vec::new();
        let mut threads = Vec::new();
        for id in 0..workers {
            let (inbox, jobs) = channel::unbounded();
            inboxes.push(inbox);
            threads.push(start_worker(id, jobs, idle.clone()));
        }
        let dispatcher = thread::spawn(move || {
            for job in queue {
                let Ok(id) = next_idle.recv() else { return };
                let id: usize = id;
                let _ = inboxes[id].send(job);
            }
        });
        Ok(Pool {
            jobs: Mutex::new(Some(jobs)),
            dispatcher: Mutex::new(Some(dispatcher)),
            workers: Mutex::new(threads),
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
        let (tx, result) = channel::bounded(1);
        let job = move || match catch_unwind(AssertUnwindSafe(job)) {
            Ok(value) => {
                let _ = tx.send(Ok(value));
            }
            Err(payload) => {
                let _ = tx.send(Err(payload));
                resume_unwind(Box::new("a job panicked"));
            }
        };
        let _ = jobs.send(Box::new(job));
        Ok(JoinHandle { result })
    }

    pub fn shutdown(&self) {
        drop(lock(&self.jobs).take());
        if let Some(dispatcher) = lock(&self.dispatcher).take() {
            let _ = dispatcher.join();
        }
        for worker in lock(&self.workers).drain(..) {
            let _ = worker.join();
        }
    }
}

impl<T> JoinHandle<T> {
    pub fn join(self) -> thread::Result<T> {
        self.result
            .recv()
            .unwrap_or_else(|_| Err(Box::new("the job is gone")))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

struct Busy<'a> {
    id: usize,
    idle: &'a Sender<usize>,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let _ = self.idle.send(self.id);
    }
}

fn start_worker(id: usize, queue: Receiver<Job>, idle: Sender<usize>) -> thread::JoinHandle<()> {
    thread::Builder::new()
        .name(format!("worker-{id}"))
        .spawn(move || {
            let _ = idle.send(id);
            for job in queue {
                let _busy = Busy { id, idle: &idle };
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
