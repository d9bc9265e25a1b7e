//! Jobs that submit, join and wait inside other jobs.

mod deadline;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use deadline::{Gate, wait_until, within_patience};
use wt_core::pool::{JobError, JoinHandle, Pool, RejectionPolicy};

fn fib(pool: &Arc<Pool>, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let inside = Arc::clone(pool);
    let left = pool.submit(move || fib(&inside, n - 1)).unwrap();
    let right = fib(pool, n - 2);
    left.join().unwrap() + right
}

#[test]
fn joins_nest_at_any_number_of_workers_and_any_capacity() {
    let n = if cfg!(miri) { 5 } else { 14 };
    for workers in [1, 2, 8] {
        for capacity in [1, 4, 1024] {
            within_patience(move || {
                let pool = Pool::builder()
                    .workers(workers)
                    .queue(capacity, RejectionPolicy::Block)
                    .build();
                let pool = Arc::new(pool.unwrap());
                let inside = Arc::clone(&pool);
                let result = pool.submit(move || fib(&inside, n)).unwrap();
                let expected = (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0;
                assert_eq!(result.join().unwrap(), expected);
            });
        }
    }
}

#[test]
fn a_full_queue_does_not_stop_its_own_worker() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .queue(1, RejectionPolicy::Block)
            .build();
        let pool = Arc::new(pool.unwrap());
        let inside = Arc::clone(&pool);
        let job = pool.submit(move || {
            let jobs: Vec<_> = (0..10)
                .map(|i| inside.submit(move || (i, thread::current().id())).unwrap())
                .collect();
            jobs.into_iter()
                .enumerate()
                .all(|(i, job)| job.join().unwrap() == (i, thread::current().id()))
        });
        assert!(job.unwrap().join().unwrap());
    });
}

#[test]
fn a_tree_of_jobs_far_larger_than_the_stack_ends() {
    /// Each job leaves two more behind and waits for neither.
    fn grow(pool: &Arc<Pool>, depth: u32, leaf: &mpsc::Sender<()>) {
        if depth == 0 {
            leaf.send(()).unwrap();
            return;
        }
        for _ in 0..2 {
            let (inside, leaf) = (Arc::clone(pool), leaf.clone());
            pool.submit(move || grow(&inside, depth - 1, &leaf))
                .unwrap();
        }
    }
    let depth = if cfg!(miri) { 3 } else { 15 };
    within_patience(move || {
        let pool = Pool::builder()
            .workers(2)
            .queue(4, RejectionPolicy::Block)
            .stack_size(256 * 1024)
            .build();
        let pool = Arc::new(pool.unwrap());
        let (tx, rx) = mpsc::channel();
        let inside = Arc::clone(&pool);
        let root = pool.submit(move || grow(&inside, depth, &tx)).unwrap();
        root.join().unwrap();
        assert_eq!(rx.iter().count(), 1 << depth);
    });
}

#[test]
fn a_waiting_worker_runs_what_the_awaited_job_needs() {
    within_patience(|| {
        let pool = Arc::new(Pool::new(2).unwrap());
        // `outer` joins `middle`, which waits on a channel for `inner`: three jobs, two workers.
        let inside = Arc::clone(&pool);
        let outer = pool.submit(move || {
            let within = Arc::clone(&inside);
            let begun = Arc::new(AtomicBool::new(false));
            let begins = Arc::clone(&begun);
            let middle = inside.submit(move || {
                begins.store(true, Ordering::SeqCst);
                let (tx, rx) = mpsc::channel();
                let inner = within.submit(move || tx.send(3).unwrap()).unwrap();
                let value = rx.recv().unwrap();
                inner.join().unwrap();
                value
            });
            // Not before the other worker has it, or this one would run it in its own `join`.
            wait_until(|| begun.load(Ordering::SeqCst));
            middle.unwrap().join().unwrap()
        });
        assert_eq!(outer.unwrap().join().unwrap(), 3);
    });
}

#[test]
fn joins_across_two_pools_do_not_deadlock() {
    within_patience(|| {
        let (a, b) = (
            Arc::new(Pool::new(1).unwrap()),
            Arc::new(Pool::new(1).unwrap()),
        );
        let (a_in, b_in) = (Arc::clone(&a), Arc::clone(&b));
        let there = a.submit(move || {
            let back = Arc::clone(&a_in);
            b_in.submit(move || back.submit(|| 8).unwrap().join().unwrap())
                .unwrap()
                .join()
                .unwrap()
        });
        assert_eq!(there.unwrap().join().unwrap(), 8);
    });
}

#[test]
fn a_job_that_joins_itself_panics() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let (tx, rx) = mpsc::channel::<JoinHandle<()>>();
        let job = pool.submit(move || rx.recv().unwrap().join().unwrap());
        tx.send(job.unwrap()).unwrap();
        pool.shutdown();
        assert_eq!(pool.stats().failed, 1);
    });
}

#[test]
fn a_job_that_joins_the_one_beneath_it_panics() {
    within_patience(|| {
        let pool = Arc::new(Pool::new(1).unwrap());
        let below = Arc::new(Mutex::new(None::<JoinHandle<String>>));
        let gate = Gate::occupy(&pool);
        let job = {
            let (pool, below) = (Arc::clone(&pool), Arc::clone(&below));
            move || {
                let above = pool.submit(move || {
                    let below = below.lock().unwrap().take().unwrap();
                    below.join().unwrap()
                });
                above.unwrap().join().unwrap_err().to_string()
            }
        };
        // `job` ends only after the join above it has panicked, so it tells us by a channel.
        let (tx, rx) = mpsc::channel();
        *below.lock().unwrap() = Some(
            pool.submit(move || {
                tx.send(job()).unwrap();
                String::new()
            })
            .unwrap(),
        );
        gate.open();
        let message = rx.recv().unwrap();
        assert!(message.contains("waits for itself"), "{message}");
    });
}

#[test]
fn a_worker_that_joins_with_a_timeout_runs_only_that_job() {
    within_patience(|| {
        let pool = Arc::new(Pool::new(1).unwrap());
        let inside = Arc::clone(&pool);
        let job = pool.submit(move || {
            let mut wanted = inside.submit(|| 1).unwrap();
            let other = inside.submit(|| 2).unwrap();
            let value = wanted.join_timeout(Duration::MAX).unwrap();
            (value, other.is_finished(), other)
        });
        let (value, other_ran, other) = job.unwrap().join().unwrap();
        assert_eq!((value, other_ran), (1, false));
        assert_eq!(other.join().unwrap(), 2);
    });
}

#[test]
fn a_worker_that_times_out_goes_on() {
    within_patience(|| {
        let pool = Arc::new(Pool::new(2).unwrap());
        let gate = Gate::occupy(&pool);
        let (tx, rx) = mpsc::channel::<()>();
        let stuck = pool.submit(move || rx.recv().is_err()).unwrap();
        wait_until(|| pool.stats().queued == 0);
        let (handles, inbox) = mpsc::channel();
        handles.send(stuck).unwrap();
        gate.open();
        let job = pool.submit(move || {
            let mut stuck: JoinHandle<bool> = inbox.recv().unwrap();
            let early = stuck.join_timeout(Duration::from_millis(1));
            (matches!(early, Err(JobError::TimedOut)), stuck)
        });
        let (timed_out, stuck) = job.unwrap().join().unwrap();
        assert!(timed_out);
        drop(tx);
        assert!(stuck.join().unwrap());
    });
}
