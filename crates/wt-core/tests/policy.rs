//! What happens when the queue is full.

mod deadline;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use deadline::{Gate, spawn_asleep, within_patience};
use wt_core::pool::{JobError, Pool, RejectionPolicy, Strategy, SubmitError};

fn one_worker(capacity: usize, policy: RejectionPolicy) -> Pool {
    Pool::builder()
        .workers(1)
        .queue(capacity, policy)
        .build()
        .unwrap()
}

const JOBS: usize = if cfg!(miri) { 30 } else { 2000 };

#[test]
fn submit_waits_while_the_queue_is_full() {
    within_patience(|| {
        let pool = Arc::new(one_worker(1, RejectionPolicy::Block));
        let gate = Gate::occupy(&pool);
        let _fills = pool.submit(|| ()).unwrap();
        let opened = Arc::new(AtomicBool::new(false));
        let producer = {
            let (pool, opened) = (Arc::clone(&pool), Arc::clone(&opened));
            spawn_asleep(move || {
                let job = pool.submit(|| ()).unwrap();
                (opened.load(Ordering::SeqCst), job)
            })
        };
        assert_eq!(pool.stats().queued, 1);
        opened.store(true, Ordering::SeqCst);
        gate.open();
        let (returned_after_opening, job) = producer.join().unwrap();
        assert!(returned_after_opening);
        job.join().unwrap();
    });
}

#[test]
fn a_full_queue_never_holds_more_than_its_capacity() {
    within_patience(|| {
        let pool = Arc::new(one_worker(3, RejectionPolicy::Block));
        let producers: Vec<_> = (0..4)
            .map(|_| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || {
                    for _ in 0..JOBS / 10 {
                        pool.submit(|| ()).unwrap();
                        assert!(pool.stats().queued <= 3);
                    }
                })
            })
            .collect();
        for producer in producers {
            producer.join().unwrap();
        }
    });
}

#[test]
fn reject_hands_the_job_back() {
    let pool = one_worker(1, RejectionPolicy::Reject);
    let gate = Gate::occupy(&pool);
    let queued = pool.submit(|| 1).unwrap();
    let error = pool.submit(|| 2).unwrap_err();
    assert!(error.is_full());
    assert_eq!(error.into_job()(), 2);
    gate.open();
    assert_eq!(queued.join().unwrap(), 1);
}

#[test]
fn caller_runs_runs_on_the_caller_and_catches_its_panic() {
    let pool = one_worker(1, RejectionPolicy::CallerRuns);
    let gate = Gate::occupy(&pool);
    let queued = pool.submit(|| ()).unwrap();
    let here = thread::current().id();
    let ran = pool.submit(move || thread::current().id() == here).unwrap();
    assert!(ran.is_finished());
    assert!(ran.join().unwrap());
    let failed = pool.submit(|| panic!("on the caller")).unwrap();
    assert!(failed.join().unwrap_err().is_panic());
    gate.open();
    queued.join().unwrap();
}

#[test]
fn discard_oldest_tells_the_oldest_handle() {
    let pool = one_worker(2, RejectionPolicy::DiscardOldest);
    let gate = Gate::occupy(&pool);
    let dropped = Arc::new(());
    let watch = Arc::downgrade(&dropped);
    let oldest = pool.submit(move || drop(dropped)).unwrap();
    let second = pool.submit(|| 2).unwrap();
    let third = pool.submit(|| 3).unwrap();
    assert!(watch.upgrade().is_none(), "the closure is still alive");
    assert!(matches!(oldest.join(), Err(JobError::Discarded)));
    assert_eq!(pool.stats().discarded, 1);
    gate.open();
    assert_eq!((second.join().unwrap(), third.join().unwrap()), (2, 3));
}

#[test]
fn try_submit_never_waits_whatever_the_policy() {
    for policy in [
        RejectionPolicy::Block,
        RejectionPolicy::Reject,
        RejectionPolicy::CallerRuns,
        RejectionPolicy::DiscardOldest,
    ] {
        within_patience(move || {
            let pool = one_worker(1, policy);
            let gate = Gate::occupy(&pool);
            let queued = pool.try_submit(|| 1).unwrap();
            let Err(SubmitError::Full(job)) = pool.try_submit(|| 2) else {
                panic!("there was no room under {policy:?}");
            };
            assert_eq!(job(), 2);
            gate.open();
            assert_eq!(queued.join().unwrap(), 1);
        });
    }
}

#[test]
fn cancel_lets_a_waiting_producer_go_on() {
    within_patience(|| {
        let pool = Arc::new(one_worker(1, RejectionPolicy::Block));
        let gate = Gate::occupy(&pool);
        let queued = pool.submit(|| ()).unwrap();
        let producer = {
            let pool = Arc::clone(&pool);
            spawn_asleep(move || pool.submit(|| 5).unwrap())
        };
        assert!(queued.cancel());
        let job = producer.join().unwrap();
        gate.open();
        assert_eq!(job.join().unwrap(), 5);
    });
}

#[test]
fn discard_oldest_finds_what_a_worker_keeps_for_itself() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .strategy(Strategy::Stealing)
            .queue(2, RejectionPolicy::DiscardOldest)
            .build()
            .unwrap();
        let pool = Arc::new(pool);
        let inside = Arc::clone(&pool);
        let parent = pool.submit(move || {
            // All of these stay with the worker that submits them.
            (0..3)
                .map(|i| inside.submit(move || i).unwrap())
                .collect::<Vec<_>>()
        });
        let mut children = parent.unwrap().join().unwrap().into_iter();
        assert!(matches!(
            children.next().unwrap().join(),
            Err(JobError::Discarded)
        ));
        let rest: Vec<_> = children.map(|job| job.join().unwrap()).collect();
        assert_eq!(rest, [1, 2]);
    });
}
