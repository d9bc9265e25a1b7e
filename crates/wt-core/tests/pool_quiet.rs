//! Waiting for the pool as a whole: until it has nothing to do, or has room.

mod deadline;

use std::future::Future as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use deadline::{Gate, block_on, spawn_asleep, within_patience};
use wt_core::pool::{JobError, Pool, RejectionPolicy, SubmitError};

#[test]
fn a_wait_for_idleness_ends_after_all_jobs_and_leaves_the_pool_open() {
    for workers in [1, 2, 8] {
        within_patience(move || {
            let pool = Pool::new(workers).unwrap();
            pool.wait_idle();
            let ran = Arc::new(AtomicUsize::new(0));
            for round in 1..=if cfg!(miri) { 2 } else { 50 } {
                for _ in 0..100 {
                    let ran = Arc::clone(&ran);
                    let job = pool.submit_detached(move || {
                        ran.fetch_add(1, SeqCst);
                    });
                    job.unwrap();
                }
                pool.wait_idle();
                assert_eq!(ran.load(SeqCst), 100 * round);
                let stats = pool.stats();
                assert_eq!((stats.queued, stats.running), (0, 0));
            }
        });
    }
}

#[test]
fn a_wait_for_idleness_lasts_while_a_job_runs() {
    within_patience(|| {
        let pool = Arc::new(Pool::new(2).unwrap());
        let gate = Gate::occupy(&pool);
        let error = pool
            .wait_idle_timeout(Duration::from_millis(1))
            .unwrap_err();
        assert_eq!((error.queued, error.running), (0, 1));
        assert_eq!(error.to_string(), "0 jobs were queued and 1 running");
        let waiting = Arc::clone(&pool);
        let waiter = spawn_asleep(move || waiting.wait_idle());
        assert!(!waiter.is_finished());
        gate.open();
        waiter.join().unwrap();
        pool.wait_idle_timeout(Duration::MAX).unwrap();
    });
}

/// What ends a job without a worker ends the wait as well.
#[test]
fn a_wait_for_idleness_hears_of_every_kind_of_end() {
    within_patience(|| {
        for kind in 0..4 {
            let pool = Pool::builder()
                .workers(1)
                .queue(1, RejectionPolicy::CallerRuns)
                .build()
                .unwrap();
            let pool = Arc::new(pool);
            let gate = Gate::occupy(&pool);
            let queued = pool.submit(|| ()).unwrap();
            let waiting = Arc::clone(&pool);
            let waiter = spawn_asleep(move || waiting.wait_idle());
            match kind {
                0 => assert!(queued.cancel()),
                1 => drop(pool.close_and_take()),
                2 => assert!(pool.submit(|| panic!("here")).unwrap().join().is_err()),
                _ => drop(queued),
            }
            gate.open();
            waiter.join().unwrap();
            let stats = pool.stats();
            assert_eq!(stats.submitted, stats.finished(), "{stats:?}");
        }
    });
}

#[test]
fn a_job_that_waits_for_its_own_pool_panics() {
    within_patience(|| {
        let pool = Arc::new(Pool::new(1).unwrap());
        let inside = Arc::clone(&pool);
        let job = pool.submit(move || inside.wait_idle()).unwrap();
        let message = job.join().unwrap_err().to_string();
        assert!(message.contains("waits for itself"), "{message}");
    });
}

#[test]
fn a_task_waits_for_room_and_no_thread_does() {
    for policy in [
        RejectionPolicy::Block,
        RejectionPolicy::Reject,
        RejectionPolicy::DiscardOldest,
    ] {
        within_patience(move || {
            let pool = Pool::builder().workers(1).queue(1, policy).build().unwrap();
            let gate = Gate::occupy(&pool);
            let first = pool.submit(|| 1).unwrap();
            let mut second = pin!(pool.job().submit_async(|| 2));
            let mut third = pin!(pool.job().submit_async(|| 3));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(second.as_mut().poll(&mut cx).is_pending());
            assert!(third.as_mut().poll(&mut cx).is_pending());
            gate.open();
            assert_eq!(block_on(second).unwrap().join().unwrap(), 2);
            assert_eq!(block_on(third).unwrap().join().unwrap(), 3);
            assert_eq!(first.join().unwrap(), 1);
        });
    }
}

#[test]
fn many_tasks_and_threads_share_a_queue_of_one() {
    const EACH: usize = if cfg!(miri) { 5 } else { 300 };
    for workers in [1, 2] {
        within_patience(move || {
            let pool = Pool::builder()
                .workers(workers)
                .queue(1, RejectionPolicy::Block)
                .build()
                .unwrap();
            let ran = Arc::new(AtomicUsize::new(0));
            thread::scope(|s| {
                for number in 0..4 {
                    let (pool, ran) = (&pool, &ran);
                    s.spawn(move || {
                        for _ in 0..EACH {
                            let ran = Arc::clone(ran);
                            let job = move || ran.fetch_add(1, SeqCst);
                            if number % 2 == 0 {
                                block_on(pool.job().submit_async(job)).unwrap();
                            } else {
                                pool.submit(job).unwrap();
                            }
                        }
                    });
                }
            });
            pool.wait_idle();
            assert_eq!(ran.load(SeqCst), 4 * EACH);
        });
    }
}

#[test]
fn a_dropped_wait_for_room_keeps_nothing_and_a_shutdown_ends_the_others() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .queue(1, RejectionPolicy::Block)
            .build()
            .unwrap();
        let pool = Arc::new(pool);
        let gate = Gate::occupy(&pool);
        let queued = pool.submit(|| ()).unwrap();
        let captured = Arc::new(());
        let watch = Arc::downgrade(&captured);
        {
            let mut given_up = pin!(pool.job().submit_async(move || drop(captured)));
            let poll = given_up
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            assert!(poll.is_pending());
        }
        assert!(watch.upgrade().is_none(), "the job is still there");
        let waiting = Arc::clone(&pool);
        let waiter = spawn_asleep(move || block_on(waiting.job().submit_async(|| 5)));
        assert_eq!(pool.close_and_take().len(), 1);
        let Err(SubmitError::ShutDown(job)) = waiter.join().unwrap() else {
            panic!("the pool is closed");
        };
        assert_eq!(job(), 5);
        assert!(matches!(queued.join(), Err(JobError::Discarded)));
        gate.open();
    });
}

#[test]
fn a_waker_that_panics_when_there_is_room_ends_no_worker() {
    struct Bomb;
    impl std::task::Wake for Bomb {
        fn wake(self: Arc<Self>) {
            std::panic::resume_unwind(Box::new("a waker that panics"));
        }
    }
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .queue(1, RejectionPolicy::Block)
            .build()
            .unwrap();
        let gate = Gate::occupy(&pool);
        let queued = pool.submit(|| 1).unwrap();
        let waker = Waker::from(Arc::new(Bomb));
        let mut waiting = pin!(pool.job().submit_async(|| 2));
        let poll = waiting.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(matches!(poll, Poll::Pending));
        let opened = catch_unwind(AssertUnwindSafe(|| gate.open()));
        assert!(opened.is_ok());
        assert_eq!(queued.join().unwrap(), 1);
        assert_eq!(block_on(waiting).unwrap().join().unwrap(), 2);
        assert_eq!(pool.stats().workers, 1);
    });
}
