//! What nobody should do, and somebody will: the answers that no other file tests.
//! The README's table "Bad input" names the tests of the others.

mod deadline;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use deadline::{Gate, block_on, within_patience};
use wt_core::buffer::{BufferPool, Mapping};
use wt_core::limits::Budget;
use wt_core::pool::{BuildError, Idle, JobError, Pool, RejectionPolicy, SubmitError};
use wt_core::port;

#[test]
fn an_error_says_what_cannot_be() {
    let none = Pool::new(0).unwrap_err();
    assert_eq!(
        none.to_string(),
        "a pool of 0 workers would never run a job"
    );
    let no_room = Pool::builder().queue(0, RejectionPolicy::Block).build();
    assert_eq!(
        no_room.unwrap_err().to_string(),
        "a queue of capacity 0 would never hold a job"
    );
}

/// Counts how often it runs, to be submitted again and again.
fn job(count: &Arc<AtomicUsize>) -> impl Fn() + Send + Sync + 'static {
    let count = Arc::clone(count);
    move || {
        count.fetch_add(1, SeqCst);
    }
}

#[test]
fn every_way_to_submit_hands_the_job_back_after_shutdown() {
    within_patience(|| {
        for policy in [
            RejectionPolicy::Block,
            RejectionPolicy::Reject,
            RejectionPolicy::CallerRuns,
            RejectionPolicy::DiscardOldest,
        ] {
            let pool = Pool::builder().workers(1).queue(1, policy).build().unwrap();
            pool.shutdown();
            let ran = Arc::new(AtomicUsize::new(0));
            let refused = [
                pool.submit(job(&ran))
                    .map(drop)
                    .map_err(|e| is_shut_down(&e)),
                pool.try_submit(job(&ran))
                    .map(drop)
                    .map_err(|e| is_shut_down(&e)),
                pool.submit_detached(job(&ran))
                    .map_err(|e| is_shut_down(&e)),
                pool.try_submit_detached(job(&ran))
                    .map_err(|e| is_shut_down(&e)),
                pool.job()
                    .key(&1)
                    .submit(job(&ran))
                    .map(drop)
                    .map_err(|e| is_shut_down(&e)),
                block_on(pool.job().submit_async(job(&ran)))
                    .map(drop)
                    .map_err(|e| is_shut_down(&e)),
                pool.submit_batch([job(&ran), job(&ran)])
                    .map(drop)
                    .map_err(|e| is_shut_down(&e.refused)),
            ];
            assert_eq!(refused, [Err(true); 7], "under {policy:?}");
            assert!(is_shut_down(&pool.broadcast(|_| ()).unwrap_err()));
            assert_eq!((ran.load(SeqCst), pool.stats().submitted), (0, 0));
            // A scope has promised its effect, and keeps its promise on this thread.
            pool.scope(|s| s.spawn(job(&ran)).join().unwrap());
            assert_eq!(ran.load(SeqCst), 1);
        }
    });
}

fn is_shut_down<F>(error: &SubmitError<F>) -> bool {
    matches!(error, SubmitError::ShutDown(_))
}

#[test]
fn a_handle_that_is_dropped_in_its_own_job_detaches_it() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let (tx, rx) = wt_core::channel::bounded(1);
        let (told, tell) = wt_core::channel::bounded(0);
        let job = pool.submit(move || {
            drop(rx.recv());
            told.send(()).unwrap();
        });
        tx.send(job.unwrap()).unwrap();
        tell.recv().unwrap();
        pool.wait_idle();
        assert_eq!(pool.stats().done, 1);
    });
}

#[test]
fn every_way_to_end_a_pool_returns_on_its_own_worker() {
    within_patience(|| {
        for kind in 0..5 {
            let pool = Arc::new(Pool::new(1).unwrap());
            let inside = Arc::clone(&pool);
            let job = pool.submit(move || match kind {
                0 => inside.shutdown(),
                1 => drop(inside.shutdown_timeout(Duration::MAX)),
                2 => assert_eq!(inside.shutdown_now(), 0),
                3 => drop(inside.close_and_take()),
                _ => drop(inside),
            });
            job.unwrap().join().unwrap();
            drop(pool);
        }
    });
}

#[test]
fn a_result_that_panics_when_dropped_hits_whoever_drops_it() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            resume_unwind(Box::new("a result that panics in its drop"));
        }
    }
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        // Nobody took it, and the job has ended: it goes with the handle.
        let handle = pool.submit(|| Bomb).unwrap();
        pool.wait_idle();
        assert!(handle.is_finished());
        assert!(catch_unwind(AssertUnwindSafe(|| drop(handle))).is_err());
        // It was taken: it is the caller's.
        let bomb = pool.submit(|| Bomb).unwrap().join().unwrap();
        assert!(catch_unwind(AssertUnwindSafe(|| drop(bomb))).is_err());
        // The pool does not notice.
        assert_eq!(pool.submit(|| 4).unwrap().join().unwrap(), 4);
        let stats = pool.stats();
        assert_eq!((stats.done, stats.failed, stats.workers), (3, 0, 1));
    });
}

#[test]
fn the_longest_time_is_no_deadline_and_no_time_is_one() {
    within_patience(|| {
        let pool = Pool::builder().workers(1).idle(Idle::Park).build().unwrap();
        let (far, now) = (Duration::MAX, Duration::ZERO);
        let mut job = pool.job().timeout(far).submit(|| 1).unwrap();
        assert_eq!(job.join_timeout(far).unwrap(), 1);
        let late = pool.job().timeout(now).submit(|| 2).unwrap();
        assert!(matches!(late.join(), Err(JobError::Expired)));

        let gate = Gate::occupy(&pool);
        let mut queued = pool.submit(|| 3).unwrap();
        assert!(matches!(queued.join_timeout(now), Err(JobError::TimedOut)));
        assert!(pool.wait_idle_timeout(now).is_err());
        gate.open();
        pool.wait_idle_timeout(far).unwrap();

        let (left, right) = port::bounded::<u8, u8>(1);
        left.send_timeout(1, far).unwrap();
        assert!(left.send_timeout(2, now).is_err());
        assert_eq!(right.recv_timeout(far).unwrap(), 1);
        assert!(right.recv_timeout(now).is_err());

        let budget = Budget::new(1);
        let permit = budget.acquire_timeout(1, far).unwrap();
        assert!(budget.acquire_timeout(1, now).is_err());
        drop(permit);
        pool.shutdown_timeout(far).unwrap();
    });
}

#[test]
fn nothing_is_an_answer_and_no_panic_where_it_makes_sense() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        assert!(pool.submit_batch(Vec::<fn()>::new()).unwrap().is_empty());
        pool.scope(|_| ());
        pool.for_each_chunk(&mut [0_u8; 0], 1, |_, _| unreachable!("there is no chunk"));
        assert_eq!(Budget::new(0).acquire(0).unwrap().amount(), 0);
        assert!(catch_unwind(|| BufferPool::<u8>::new(0, 1)).is_err());
        assert!(matches!(Pool::new(0), Err(BuildError::NoWorkers)));
    });
}

#[test]
#[cfg(not(miri))]
fn a_file_that_is_gone_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("was-here");
    std::fs::write(&path, "abc").unwrap();
    let mapped = Mapping::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    // Who has it open keeps it.
    assert_eq!(&mapped[..], b"abc");
    let error = Mapping::open(&path).unwrap_err();
    assert!(error.to_string().contains("was-here"), "{error}");
}
