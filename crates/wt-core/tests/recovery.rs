//! Destructors that panic, at every place where the pool runs one.

mod deadline;

use std::panic;

use deadline::{Gate, within_patience};
use wt_core::pool::{JobError, Pool, RejectionPolicy};

/// Panics when it is dropped, except while a panic is under way.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic::resume_unwind(Box::new("a destructor panicked"));
        }
    }
}

/// The one worker still runs jobs.
fn assert_alive(pool: &Pool) {
    assert_eq!(pool.submit(|| 6 * 7).unwrap().join().unwrap(), 42);
    assert_eq!(pool.stats().workers, pool.workers());
}

#[test]
fn a_detached_result_that_panics_ends_no_worker() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::occupy(&pool);
        for _ in 0..10 {
            drop(pool.submit(|| Grenade).unwrap());
        }
        gate.open();
        assert_alive(&pool);
        assert_eq!(pool.stats().done, 12);
    });
}

#[test]
fn a_detached_payload_that_panics_ends_no_worker() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::occupy(&pool);
        for _ in 0..10 {
            let job = pool.submit(|| panic::resume_unwind(Box::new(Grenade)));
            drop::<wt_core::pool::JoinHandle<()>>(job.unwrap());
        }
        gate.open();
        assert_alive(&pool);
        assert_eq!(pool.stats().failed, 10);
    });
}

#[test]
fn a_capture_that_panics_fails_its_job() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let grenade = Grenade;
        let job = pool.submit(move || drop(grenade)).unwrap();
        assert!(job.join().unwrap_err().is_panic());
        assert_alive(&pool);
    });
}

#[test]
fn a_dropped_closure_that_panics_reaches_nobody() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .queue(1, RejectionPolicy::DiscardOldest)
            .build()
            .unwrap();
        let gate = Gate::occupy(&pool);
        let armed = || {
            let grenade = Grenade;
            move || std::mem::forget(grenade)
        };
        let discarded = pool.submit(armed()).unwrap();
        let cancelled = pool.submit(armed()).unwrap();
        assert!(matches!(discarded.join(), Err(JobError::Discarded)));
        assert!(cancelled.cancel());
        assert!(matches!(cancelled.join(), Err(JobError::Cancelled)));
        let dropped = pool.submit(armed()).unwrap();
        std::thread::scope(|s| {
            let stopping = s.spawn(|| pool.shutdown_now());
            assert!(matches!(dropped.join(), Err(JobError::Discarded)));
            gate.open();
            assert_eq!(stopping.join().unwrap(), 1);
        });
        assert_eq!(pool.stats().discarded, 2);
    });
}

#[test]
fn a_waker_that_panics_ends_no_worker() {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Wake, Waker};

    struct Bomb;
    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            panic::resume_unwind(Box::new("a waker panicked"));
        }
    }

    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::occupy(&pool);
        let mut job = pool.submit(|| 1).unwrap();
        let waker = Waker::from(Arc::new(Bomb));
        let poll = pin!(&mut job).poll(&mut Context::from_waker(&waker));
        assert!(poll.is_pending());
        gate.open();
        assert_alive(&pool);
        assert_eq!(job.join().unwrap(), 1);
    });
}

#[test]
fn a_panic_in_one_scope_job_is_raised_after_the_others() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let caught = panic::catch_unwind(|| {
            pool.scope(|s| {
                s.spawn(|| Grenade);
                s.spawn(|| Grenade);
            });
        });
        let payload = caught.unwrap_err();
        assert_eq!(
            *payload.downcast::<&str>().unwrap(),
            "a destructor panicked"
        );
        assert_alive(&pool);
    });
}
