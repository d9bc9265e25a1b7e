//! A pool: twelve jobs, first on twelve threads, then on three.
//!
//! Run:    cargo run -p eg01-worker-pool
//! See:    the same twelve results both ways, from 12 threads and from 3.
//! Try:    take out `drop(tx)`. The workers wait for a thirteenth job, for ever.

use std::collections::HashSet;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::Barrier;
use wt_core::thread::{self, ThreadId};

const JOBS: usize = 12;
const WORKERS: usize = 3;

/// What a job leaves behind: its result, and the thread that ran it.
type Done = (usize, ThreadId);

fn main() {
    report("a thread per job", thread_per_job());
    report("three workers", three_workers());
}

// ANCHOR: thread_per_job
/// Starts a thread for every job: simple, and as many threads as there are jobs.
fn thread_per_job() -> Vec<Done> {
    let threads: Vec<_> = (1..=JOBS)
        .map(|job| thread::spawn(move || run(job)))
        .collect();
    threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect()
}
// ANCHOR_END: thread_per_job

// ANCHOR: three_workers
/// Starts three threads once; they share one queue of jobs.
fn three_workers() -> Vec<Done> {
    let (tx, rx) = channel::unbounded();
    let (results, done) = channel::unbounded();
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            let (rx, results) = (rx.clone(), results.clone());
            scope.spawn(move || work(rx, results));
        }
        for job in 1..=JOBS {
            tx.send(job).unwrap();
        }
        drop(tx); // the last sender: no job will follow
    }); // returns when all three workers have ended
    drop(results);
    done.iter().collect()
}
// ANCHOR_END: three_workers

// ANCHOR: work
/// A worker: runs jobs until the queue is empty and has no sender left.
fn work(jobs: Receiver<usize>, results: Sender<Done>) {
    for job in jobs {
        results.send(run(job)).unwrap();
    }
}
// ANCHOR_END: work

/// The first three jobs wait for each other, so every worker gets one of them.
/// It also proves that three jobs run at the same time.
fn run(job: usize) -> Done {
    static MEETING: Barrier = Barrier::new(WORKERS);
    if job <= WORKERS {
        MEETING.wait();
    }
    (job * job, thread::current().id())
}

fn report(title: &str, done: Vec<Done>) {
    let sum: usize = done.iter().map(|(result, _)| result).sum();
    let threads = done.iter().map(|(_, id)| id).collect::<HashSet<_>>();
    println!("{title:<17} sum {sum}, {} threads", threads.len());
}
