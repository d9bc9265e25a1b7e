//! Hidden checks of lesson 01: a pool of worker threads.
//!
//! Jobs only report facts; every assertion runs on the check's own thread, because
//! a pool may swallow a panic. A pool that a check does not drop on purpose is never
//! dropped, so that a fault in `drop` fails the checks about `drop` and no other.

use std::collections::HashSet;
use std::mem;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};

use worker_pool::Pool;
use wt_check::{
    Activity, InFlight, Rendezvous, ThreadCount, Unjoined, check, patience, wait_until,
};

fn main() -> ExitCode {
    wt_check::run(&[
        check!(zero_workers_is_an_error),
        check!(every_job_runs_once),
        check!(execute_never_waits),
        check!(jobs_run_on_at_most_n_threads),
        check!(n_jobs_run_at_the_same_time),
        check!(one_worker_keeps_the_order),
        check!(drop_finishes_the_queued_jobs),
        check!(drop_waits_for_the_running_jobs),
        check!(drop_leaves_no_thread),
    ])
}

/// The smallest pool is 1. A pool of 0 would take jobs and never run them, and a
/// panic would take the caller down for what is often a wrong number in a file.
fn zero_workers_is_an_error() {
    let none = Pool::new(0).map(mem::forget);
    assert!(
        none.is_err(),
        "`Pool::new(0)` returned a pool; no job would ever run in it"
    );
    let one = Pool::new(1).map(mem::forget);
    assert!(one.is_ok(), "`Pool::new(1)` returned an error");
}

/// Rounds with a pause between them: a worker that ends when the queue happens to
/// be empty is not there for the next round. Four threads share the pool.
fn every_job_runs_once() {
    let pool = immortal(pool(4));
    let runs: Arc<Vec<AtomicUsize>> = Arc::new((0..1000).map(|_| AtomicUsize::new(0)).collect());
    let total = Arc::new(AtomicUsize::new(0));
    for round in 0..50 {
        thread::scope(|scope| {
            for caller in 0..4 {
                let (runs, total) = (&runs, &total);
                scope.spawn(move || {
                    for id in 0..5 {
                        let (runs, total) = (Arc::clone(runs), Arc::clone(total));
                        pool.execute(move || {
                            runs[round * 20 + caller * 5 + id].fetch_add(1, Ordering::SeqCst);
                            total.fetch_add(1, Ordering::SeqCst);
                        });
                    }
                });
            }
        });
        let due = (round + 1) * 20;
        wait_until(|| total.load(Ordering::SeqCst) >= due);
        let ran = total.load(Ordering::SeqCst);
        assert!(
            ran == due,
            "{due} jobs were queued, 20 at a time, and {ran} of them ran"
        );
    }
    let odd = runs
        .iter()
        .filter(|runs| runs.load(Ordering::SeqCst) != 1)
        .count();
    assert!(odd == 0, "{odd} of 1000 jobs did not run exactly once");
}

/// The only worker is busy and stays so. A caller that runs the job itself, waits
/// for its end, or waits for a free worker does not come back.
fn execute_never_waits() {
    let gate = Gate::default();
    let mut jobs = vec![gate.job()];
    jobs.extend((0..20).map(|_| job(|| {})));
    immortal(queue(pool(1), jobs));
    gate.open();
}

/// Thread ids are never used twice in one process, so 1000 jobs on a pool of 4 show
/// at most 4 of them, however short the jobs are.
fn jobs_run_on_at_most_n_threads() {
    let pool = immortal(pool(4));
    let threads = Threads::default();
    for round in 0..50 {
        for _ in 0..20 {
            let threads = threads.clone();
            pool.execute(move || threads.note());
        }
        let due = (round + 1) * 20;
        assert!(
            wait_until(|| threads.jobs() == due),
            "{due} jobs were queued and {} of them ran",
            threads.jobs()
        );
    }
    assert!(
        !threads.contain_me(),
        "a job ran on the thread that called `execute`, not on a worker"
    );
    let used = threads.count();
    assert!(
        used <= 4,
        "a pool of 4 workers ran 1000 jobs on {used} different threads"
    );
}

/// Four jobs wait for each other. A pool with one worker, or with a lock around the
/// whole job, never has two of them under way.
fn n_jobs_run_at_the_same_time() {
    let meeting = Rendezvous::new(4);
    let running = InFlight::new();
    // Where the kernel does not list threads the verdict says a little less.
    let threads = cfg!(target_os = "linux").then(ThreadCount::start);
    let jobs = (0..4)
        .map(|_| {
            let (meeting, running) = (meeting.clone(), running.clone());
            job(move || {
                let _inside = running.enter();
                meeting.meet();
            })
        })
        .collect();
    immortal(queue(pool(4), jobs));
    wait_until(|| meeting.met());
    let peak = running.peak();
    let threads = threads.map(|threads| format!("; threads of the pool: {}", threads.extra()));
    assert!(
        meeting.met(),
        "4 jobs were queued for 4 free workers, and at most {peak} ran at the same time{}",
        threads.unwrap_or_default()
    );
}

/// With one worker the order of starting is the order of running. The worker is
/// held until all jobs are queued, so the queue really has to keep the order.
fn one_worker_keeps_the_order() {
    let gate = Gate::default();
    let order = Arc::new(Mutex::new(Vec::new()));
    let threads = Threads::default();
    let mut jobs = vec![gate.job()];
    jobs.extend((0..20).map(|id| {
        let (order, threads) = (Arc::clone(&order), threads.clone());
        job(move || {
            order.lock().unwrap().push(id);
            threads.note();
        })
    }));
    immortal(queue(pool(1), jobs));
    gate.open();
    assert!(
        wait_until(|| threads.jobs() == 20),
        "20 jobs were queued and {} of them ran",
        threads.jobs()
    );
    let used = threads.count();
    assert!(
        used == 1,
        "a pool of 1 worker ran 20 jobs on {used} threads, so they have no order"
    );
    let order = order.lock().unwrap().clone();
    let queued: Vec<i32> = (0..20).collect();
    assert!(
        order == queued,
        "jobs 0 to 19 were queued in this order and started in the order {order:?}"
    );
}

/// The pool is dropped while its only worker is busy and 20 jobs wait. Whether
/// `drop` itself waits is the next check's question.
fn drop_finishes_the_queued_jobs() {
    let gate = Gate::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let mut jobs = vec![gate.job()];
    jobs.extend((0..20).map(|_| {
        let ran = Arc::clone(&ran);
        job(move || {
            ran.fetch_add(1, Ordering::SeqCst);
        })
    }));
    let pool = queue(pool(1), jobs);
    gate.wait_for_a_job();
    let dropper = wt_check::spawn("dropper", move || drop(pool));
    let _ = dropper.wait_asleep();
    gate.open();
    wait_until(|| ran.load(Ordering::SeqCst) == 20);
    let ran = ran.load(Ordering::SeqCst);
    assert!(
        ran == 20,
        "20 jobs were queued when the pool was dropped, and {} of them never ran",
        20 - ran
    );
}

/// One job is under way and cannot end. `drop` must still be waiting, and must have
/// seen the job's end when it returns.
fn drop_waits_for_the_running_jobs() {
    let gate = Gate::default();
    let ended = Arc::new(AtomicBool::new(false));
    let (held, end) = (gate.clone(), Arc::clone(&ended));
    let pool = queue(
        pool(3),
        vec![job(move || {
            held.pass();
            end.store(true, Ordering::SeqCst);
        })],
    );
    gate.wait_for_a_job();
    let dropper = wt_check::spawn("dropper", move || {
        drop(pool);
        ended.load(Ordering::SeqCst)
    });
    let activity = dropper.wait_asleep();
    assert!(
        activity != Activity::Finished,
        "`drop` returned while a job was still running"
    );
    gate.open();
    match dropper.join_soon() {
        Ok(ended) => assert!(ended, "`drop` returned before the running job had ended"),
        Err(Unjoined::Panicked(message)) => panic!("`drop` panicked: {message}"),
        // A `drop` that never returns is what the next check is about.
        Err(Unjoined::StillRunning) => {}
    }
}

/// An idle pool is dropped: its workers wait for jobs, and somebody has to tell them
/// that none will come.
fn drop_leaves_no_thread() {
    let threads = ThreadCount::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let jobs = (0..6)
        .map(|_| {
            let ran = Arc::clone(&ran);
            job(move || {
                ran.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    let pool = queue(pool(3), jobs);
    wait_until(|| ran.load(Ordering::SeqCst) == 6);
    match wt_check::spawn("dropper", move || drop(pool)).join_soon() {
        Ok(()) => {}
        Err(Unjoined::StillRunning) => {
            panic!("`drop` did not return, although every job had ended")
        }
        Err(Unjoined::Panicked(message)) => panic!("`drop` panicked: {message}"),
    }
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "{} threads outlived their pool: {}",
        left.len(),
        left.join(", ")
    );
}

type Job = Box<dyn FnOnce() + Send + 'static>;

fn job(f: impl FnOnce() + Send + 'static) -> Job {
    Box::new(f)
}

fn pool(workers: usize) -> Pool {
    match Pool::new(workers) {
        Ok(pool) => pool,
        Err(_) => panic!("`Pool::new({workers})` returned an error"),
    }
}

/// A pool that is not dropped, not even while a failed assertion unwinds.
fn immortal(pool: Pool) -> &'static Pool {
    Box::leak(Box::new(pool))
}

/// Queues the jobs from another thread, so that an `execute` that waits is told
/// from a check that hangs.
fn queue(pool: Pool, jobs: Vec<Job>) -> Pool {
    let caller = wt_check::spawn("caller", move || {
        for job in jobs {
            pool.execute(job);
        }
        pool
    });
    match caller.join_soon() {
        Ok(pool) => pool,
        Err(Unjoined::StillRunning) => {
            panic!("`execute` did not return: it waits for a job's end or for a free worker")
        }
        Err(Unjoined::Panicked(message)) => panic!("`execute` panicked: {message}"),
    }
}

/// Holds jobs back until it is opened, or until a failed check is long over.
#[derive(Clone, Default)]
struct Gate {
    state: Arc<(Mutex<bool>, Condvar)>,
    held: InFlight,
}

impl Gate {
    fn job(&self) -> Job {
        let gate = self.clone();
        job(move || gate.pass())
    }

    fn pass(&self) {
        let _held = self.held.enter();
        let (open, opened) = &*self.state;
        let closed = open.lock().unwrap();
        drop(opened.wait_timeout_while(closed, patience() * 4, |open| !*open));
    }

    fn wait_for_a_job(&self) {
        assert!(
            wait_until(|| self.held.now() > 0),
            "a job was queued for a free worker and did not start"
        );
    }

    fn open(&self) {
        let (open, opened) = &*self.state;
        *open.lock().unwrap() = true;
        opened.notify_all();
    }
}

/// Which threads ran how many jobs.
#[derive(Clone, Default)]
struct Threads {
    seen: Arc<Mutex<(HashSet<ThreadId>, usize)>>,
}

impl Threads {
    fn note(&self) {
        let mut seen = self.seen.lock().unwrap();
        seen.0.insert(thread::current().id());
        seen.1 += 1;
    }

    fn jobs(&self) -> usize {
        self.seen.lock().unwrap().1
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().0.len()
    }

    fn contain_me(&self) -> bool {
        self.seen
            .lock()
            .unwrap()
            .0
            .contains(&thread::current().id())
    }
}
