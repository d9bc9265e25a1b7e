//! Batches, detached jobs, and what is handed back at the end.

mod deadline;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use deadline::{Gate, spawn_asleep, wait_until, within_patience};
use wt_core::pool::{JobError, Pool, RejectionPolicy, SubmitError};

fn pool(workers: usize, capacity: usize, policy: RejectionPolicy) -> Pool {
    let builder = Pool::builder().workers(workers).queue(capacity, policy);
    builder.build().unwrap()
}

#[test]
fn a_batch_runs_in_order_and_answers_in_order() {
    for capacity in [1, 7, 1024] {
        within_patience(move || {
            let pool = pool(1, capacity, RejectionPolicy::Block);
            let (tx, rx) = mpsc::channel();
            let jobs = (0..300).map(|i| {
                let tx = tx.clone();
                move || {
                    tx.send(i).unwrap();
                    i
                }
            });
            let handles = pool.submit_batch(jobs).unwrap();
            for (i, handle) in handles.into_iter().enumerate() {
                assert_eq!(handle.join().unwrap(), i);
            }
            drop(tx);
            assert!(rx.into_iter().eq(0..300));
        });
    }
}

#[test]
fn a_batch_that_does_not_fit_is_handed_back_from_the_first_that_did_not() {
    let pool = pool(1, 3, RejectionPolicy::Reject);
    let gate = Gate::occupy(&pool);
    let error = pool.submit_batch((0..200).map(|i| move || i)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the pool's queue is full: accepted 3 jobs of 200"
    );
    let SubmitError::Full(rest) = error.refused else {
        panic!("the pool is not shut down");
    };
    assert!(rest.into_iter().map(|job| job()).eq(3..200));
    gate.open();
    for (i, handle) in error.accepted.into_iter().enumerate() {
        assert_eq!(handle.join().unwrap(), i);
    }
    pool.shutdown();
    let refused = pool.submit_batch_detached((0..3).map(|_| || ()));
    let SubmitError::ShutDown(rest) = refused.unwrap_err() else {
        panic!("the pool is shut down");
    };
    assert_eq!(rest.len(), 3);
}

#[test]
fn a_batch_wakes_as_many_workers_as_it_has_jobs_for() {
    within_patience(|| {
        let pool = pool(4, 64, RejectionPolicy::Block);
        let meet = Arc::new(std::sync::Barrier::new(4));
        let jobs = (0..4).map(|_| {
            let meet = Arc::clone(&meet);
            move || meet.wait().is_leader()
        });
        let handles = pool.submit_batch(jobs).unwrap();
        let leaders = handles.into_iter().filter(|_| true);
        assert_eq!(
            leaders
                .filter_map(|job| job.join().ok())
                .filter(|x| *x)
                .count(),
            1
        );
    });
}

#[test]
fn a_long_job_traps_none_of_its_batch() {
    within_patience(|| {
        let pool = pool(2, 64, RejectionPolicy::Block);
        let (tx, rx) = mpsc::channel::<()>();
        let ran = Arc::new(AtomicUsize::new(0));
        type Boxed = Box<dyn FnOnce() + Send>;
        let mut jobs: Vec<Boxed> = vec![Box::new(move || assert!(rx.recv().is_err()))];
        for _ in 0..40 {
            let ran = Arc::clone(&ran);
            jobs.push(Box::new(move || {
                ran.fetch_add(1, SeqCst);
            }));
        }
        pool.submit_batch_detached(jobs).unwrap();
        wait_until(|| ran.load(SeqCst) == 40);
        drop(tx);
    });
}

#[test]
fn detached_jobs_are_run_counted_and_handed_back() {
    within_patience(|| {
        let pool = pool(1, 1, RejectionPolicy::Reject);
        let gate = Gate::occupy(&pool);
        let ran = Arc::new(AtomicUsize::new(0));
        let small = Arc::clone(&ran);
        pool.submit_detached(move || {
            small.fetch_add(1, SeqCst);
        })
        .unwrap();
        // Larger than a slot, and refused: it comes back whole.
        let large = [1_u64; 100];
        let other = Arc::clone(&ran);
        let refused = pool.try_submit_detached(move || {
            let sum: u64 = large.iter().sum();
            other.fetch_add(sum as usize, SeqCst);
        });
        refused.unwrap_err().into_job()();
        assert_eq!(ran.load(SeqCst), 100);
        gate.open();
        wait_until(|| ran.load(SeqCst) == 101);
        wait_until(|| pool.stats().queued == 0);
        pool.submit_detached(|| std::panic::resume_unwind(Box::new(())))
            .unwrap();
        pool.shutdown();
        let stats = pool.stats();
        assert_eq!((stats.done, stats.failed, stats.workers), (2, 1, 0));
        assert_eq!(Arc::strong_count(&ran), 1);
    });
}

#[test]
fn what_was_queued_at_the_end_is_handed_back() {
    within_patience(|| {
        let pool = pool(1, 64, RejectionPolicy::Block);
        let gate = Gate::occupy(&pool);
        let ran = Arc::new(AtomicUsize::new(0));
        let handles: Vec<_> = (0..10)
            .map(|i| {
                let ran = Arc::clone(&ran);
                let job = pool.submit(move || {
                    ran.fetch_add(1, SeqCst);
                    i
                });
                job.unwrap()
            })
            .collect();
        let mut unstarted = pool.close_and_take();
        assert_eq!((unstarted.len(), pool.stats().discarded), (10, 10));
        assert!(pool.submit(|| ()).is_err());
        for job in unstarted.drain(..5) {
            job.run();
        }
        drop(unstarted);
        for (i, handle) in handles.into_iter().enumerate() {
            match handle.join() {
                Ok(value) => assert_eq!((value, i < 5), (i, true)),
                Err(error) => assert!(matches!(error, JobError::Discarded) && i >= 5),
            }
        }
        assert_eq!(ran.load(SeqCst), 5);
        gate.open();
        pool.shutdown();
    });
}

#[test]
fn a_job_that_never_ends_does_not_keep_shutdown_or_drop() {
    within_patience(|| {
        let pool = pool(2, 64, RejectionPolicy::Block);
        let (tx, rx) = mpsc::channel::<()>();
        let stuck = pool.submit(move || rx.recv().is_err()).unwrap();
        let queued = pool.submit(|| 1).unwrap();
        // The other worker ends sooner or later, the stuck one does not.
        let mut error = pool.shutdown_timeout(Duration::ZERO).unwrap_err();
        wait_until(|| {
            error = pool.shutdown_timeout(Duration::from_millis(1)).unwrap_err();
            error.workers == 1
        });
        assert_eq!(
            error.to_string(),
            "1 of the pool's workers had not ended in time"
        );
        assert_eq!(queued.join().unwrap(), 1);
        // Would wait for ever if the drop joined the worker.
        drop(pool);
        drop(tx);
        assert!(stuck.join().unwrap());
    });
}

#[test]
fn a_second_shutdown_waits_for_what_the_first_left() {
    within_patience(|| {
        let pool = Arc::new(pool(1, 4, RejectionPolicy::Block));
        let gate = Gate::occupy(&pool);
        assert!(pool.shutdown_timeout(Duration::ZERO).is_err());
        let waiting = Arc::clone(&pool);
        let stopper = spawn_asleep(move || {
            waiting.shutdown();
            waiting.stats().workers
        });
        gate.open();
        assert_eq!(stopper.join().unwrap(), 0);
        assert_eq!(pool.shutdown_timeout(Duration::MAX), Ok(()));
    });
}
