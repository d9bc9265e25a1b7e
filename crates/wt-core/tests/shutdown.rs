//! How a pool ends, from outside and from within.

mod deadline;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use deadline::{Gate, PATIENCE, spawn_asleep, wait_until, within_patience};
use wt_core::pool::{JobError, JoinHandle, Pool, RejectionPolicy, SubmitError};

const JOBS: usize = if cfg!(miri) { 10 } else { 100 };

fn count_to(pool: &Pool, counter: &Arc<AtomicUsize>) -> Vec<JoinHandle<()>> {
    (0..JOBS)
        .map(|_| {
            let counter = Arc::clone(counter);
            pool.submit(move || {
                counter.fetch_add(1, Ordering::Relaxed);
            })
            .unwrap()
        })
        .collect()
}

#[test]
fn shutdown_runs_what_is_queued_and_joins_the_workers() {
    within_patience(|| {
        let pool = Pool::new(2).unwrap();
        let counter = Arc::new(AtomicUsize::new(0));
        drop(count_to(&pool, &counter));
        pool.shutdown();
        assert_eq!(counter.load(Ordering::Relaxed), JOBS);
        assert_eq!(pool.stats().workers, 0);
        pool.shutdown();
        assert_eq!(pool.shutdown_now(), 0);
        let Err(SubmitError::ShutDown(job)) = pool.submit(|| 3) else {
            panic!("a pool that is shut down accepted a job");
        };
        assert_eq!(job(), 3);
    });
}

#[test]
fn drop_runs_what_is_queued_and_joins_the_workers() {
    within_patience(|| {
        let pool = Pool::new(2).unwrap();
        let counter = Arc::new(AtomicUsize::new(0));
        let handles = count_to(&pool, &counter);
        drop(pool);
        assert_eq!(counter.load(Ordering::Relaxed), JOBS);
        // The captured counters are gone as well: nothing of the pool is left running.
        assert_eq!(Arc::strong_count(&counter), 1);
        for handle in handles {
            assert!(handle.is_finished());
            handle.join().unwrap();
        }
    });
}

#[test]
fn every_caller_of_shutdown_waits_for_the_workers() {
    within_patience(|| {
        let pool = Pool::new(2).unwrap();
        let gate = Gate::occupy(&pool);
        thread::scope(|s| {
            let callers: Vec<_> = (0..3)
                .map(|_| {
                    s.spawn(|| {
                        pool.shutdown();
                        pool.stats().workers
                    })
                })
                .collect();
            wait_until(|| pool.try_submit(|| ()).is_err());
            gate.open();
            for caller in callers {
                assert_eq!(caller.join().unwrap(), 0);
            }
        });
    });
}

#[test]
fn shutdown_hands_a_waiting_producer_its_job_back() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .queue(1, RejectionPolicy::Block)
            .build();
        let pool = Arc::new(pool.unwrap());
        let gate = Gate::occupy(&pool);
        let queued = pool.submit(|| 1).unwrap();
        let (producing, stopping) = (Arc::clone(&pool), Arc::clone(&pool));
        let producer = spawn_asleep(move || producing.submit(|| 2));
        let stopper = spawn_asleep(move || stopping.shutdown());
        // The queue stays full until the gate opens, so only the shutdown can have woken it.
        let error = producer.join().unwrap().unwrap_err();
        assert!(matches!(error, SubmitError::ShutDown(_)));
        assert_eq!(error.into_job()(), 2);
        gate.open();
        stopper.join().unwrap();
        assert_eq!(queued.join().unwrap(), 1);
    });
}

#[test]
fn shutdown_now_answers_every_handle() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::occupy(&pool);
        let counter = Arc::new(AtomicUsize::new(0));
        let handles = count_to(&pool, &counter);
        thread::scope(|s| {
            let stopper = s.spawn(|| pool.shutdown_now());
            for handle in handles {
                assert!(matches!(handle.join(), Err(JobError::Discarded)));
            }
            gate.open();
            assert_eq!(stopper.join().unwrap(), JOBS);
        });
        assert_eq!(counter.load(Ordering::Relaxed), 0);
        assert_eq!(pool.stats().discarded, JOBS as u64);
    });
}

#[test]
fn shutdown_now_cuts_a_shutdown_short() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .queue(1, RejectionPolicy::Reject)
            .build()
            .unwrap();
        let gate = Gate::occupy(&pool);
        let queued = pool.submit(|| ()).unwrap();
        thread::scope(|s| {
            s.spawn(|| pool.shutdown());
            // The queue is full, so the question adds no job to it.
            wait_until(|| matches!(pool.try_submit(|| ()), Err(SubmitError::ShutDown(_))));
            let stopper = s.spawn(|| pool.shutdown_now());
            assert!(matches!(queued.join(), Err(JobError::Discarded)));
            gate.open();
            assert_eq!(stopper.join().unwrap(), 1);
        });
    });
}

#[test]
fn shutdown_on_a_worker_does_not_wait_for_itself() {
    within_patience(|| {
        for workers in [1, 2] {
            let pool = Arc::new(Pool::new(workers).unwrap());
            let inside = Arc::clone(&pool);
            let refused = pool.submit(move || {
                let queued = inside.submit(|| 5).unwrap();
                inside.shutdown();
                (inside.submit(|| ()).is_err(), queued)
            });
            let (refused, queued) = refused.unwrap().join().unwrap();
            assert!(refused);
            assert_eq!(queued.join().unwrap(), 5);
            pool.shutdown();
            assert_eq!(pool.stats().workers, 0);
        }
    });
}

#[test]
fn the_last_pool_can_be_dropped_by_its_own_job() {
    within_patience(|| {
        for workers in [1, 2, 8] {
            let pool = Arc::new(Pool::new(workers).unwrap());
            let inside = Arc::clone(&pool);
            let released = Arc::new(Barrier::new(2));
            let job = {
                let released = Arc::clone(&released);
                pool.submit(move || {
                    released.wait();
                    assert_eq!(Arc::strong_count(&inside), 1);
                    drop(inside);
                })
            };
            let job = job.unwrap();
            let (tx, rx) = mpsc::channel();
            let queued = pool.submit(move || tx.send(7).unwrap()).unwrap();
            drop(pool);
            released.wait();
            job.join().unwrap();
            // What was queued still runs, although nobody owns the pool.
            queued.join().unwrap();
            assert_eq!(rx.recv_timeout(PATIENCE), Ok(7));
        }
    });
}

#[test]
fn a_pool_that_panics_its_owner_still_drains() {
    within_patience(|| {
        let counter = Arc::new(AtomicUsize::new(0));
        let owner = {
            let counter = Arc::clone(&counter);
            thread::spawn(move || {
                let pool = Pool::new(2).unwrap();
                drop(count_to(&pool, &counter));
                std::panic::resume_unwind(Box::new(()));
            })
        };
        assert!(owner.join().is_err());
        assert_eq!(counter.load(Ordering::Relaxed), JOBS);
    });
}

#[test]
fn pools_come_and_go_under_load() {
    within_patience(|| {
        for round in 0..JOBS / 2 {
            let pool = Pool::new(1 + round % 8).unwrap();
            let counter = Arc::new(AtomicUsize::new(0));
            let handles = count_to(&pool, &counter);
            thread::scope(|s| {
                s.spawn(|| pool.shutdown_now());
                s.spawn(|| pool.shutdown());
            });
            let ended = handles.into_iter().filter(JoinHandle::is_finished).count();
            assert_eq!(ended, JOBS);
        }
    });
}
