//! Join handles: waiting, polling, cancelling, detaching.

mod deadline;

use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use deadline::{Gate, block_on, poll_once, wait_until, within_patience};
use wt_core::pool::{JobError, JoinHandle, Pool, RejectionPolicy};

const JOBS: usize = if cfg!(miri) { 30 } else { 2000 };

#[test]
fn a_panic_message_reaches_the_handle() {
    let pool = Pool::new(1).unwrap();
    let literal = pool.submit(|| panic!("literal")).unwrap();
    let number = 7;
    let formatted = pool.submit(move || panic!("formatted {number}")).unwrap();
    let other = pool.submit(|| panic::panic_any(7_u8)).unwrap();

    let message = |job: JoinHandle<()>| job.join().unwrap_err().to_string();
    assert_eq!(message(literal), "the job panicked: literal");
    assert_eq!(message(formatted), "the job panicked: formatted 7");
    assert_eq!(
        message(other),
        "the job panicked: a payload that is not a string"
    );
}

#[test]
fn a_dropped_handle_detaches_its_job() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::occupy(&pool);
        let ran = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&ran);
        drop(
            pool.submit(move || flag.store(true, Ordering::Relaxed))
                .unwrap(),
        );
        gate.open();
        pool.shutdown();
        assert!(ran.load(Ordering::Relaxed));
    });
}

#[test]
fn cancel_drops_a_queued_job_and_frees_its_slot() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .queue(2, RejectionPolicy::Reject)
            .build()
            .unwrap();
        let gate = Gate::occupy(&pool);
        let first = pool.submit(|| 1).unwrap();
        let dropped = Arc::new(());
        let watch = Arc::downgrade(&dropped);
        let middle = pool.submit(move || drop(dropped)).unwrap();
        assert!(middle.cancel());
        assert!(!middle.cancel(), "a job is cancelled once");
        assert!(watch.upgrade().is_none(), "the closure is still alive");
        let last = pool.submit(|| 3).unwrap();
        assert!(matches!(middle.join(), Err(JobError::Cancelled)));
        gate.open();
        assert_eq!((first.join().unwrap(), last.join().unwrap()), (1, 3));
        assert_eq!(pool.stats().cancelled, 1);
    });
}

#[test]
fn cancel_leaves_a_running_job_alone() {
    let pool = Pool::new(1).unwrap();
    let barrier = Arc::new(Barrier::new(2));
    let inside = Arc::clone(&barrier);
    let job = pool
        .submit(move || {
            inside.wait();
            inside.wait();
            9
        })
        .unwrap();
    barrier.wait();
    assert!(!job.cancel());
    barrier.wait();
    assert_eq!(job.join().unwrap(), 9);
}

#[test]
fn a_timed_out_join_keeps_the_handle() {
    let pool = Pool::new(1).unwrap();
    let gate = Gate::occupy(&pool);
    let mut job = pool.submit(|| 4).unwrap();
    assert!(job.try_join().is_none());
    let early = job.join_timeout(Duration::from_millis(1));
    assert!(matches!(early, Err(JobError::TimedOut)));
    gate.open();
    assert_eq!(job.join_timeout(Duration::MAX).unwrap(), 4);

    let mut job = pool.submit(|| 5).unwrap();
    wait_until(|| job.is_finished());
    assert_eq!(job.try_join().unwrap().unwrap(), 5);
}

#[test]
#[should_panic(expected = "the result of this job was already taken")]
fn a_result_is_taken_once() {
    let pool = Pool::new(1).unwrap();
    let mut job = pool.submit(|| 5).unwrap();
    job.join_timeout(Duration::MAX).unwrap();
    let _ = job.join();
}

#[test]
fn a_handle_can_be_awaited() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        for _ in 0..JOBS / 10 {
            let job = pool.submit(|| 1).unwrap();
            assert_eq!(block_on(job).unwrap(), 1);
        }
        let gate = Gate::occupy(&pool);
        let mut polled = pool.submit(|| 2).unwrap();
        assert!(poll_once(&mut polled).is_pending());
        let waiting = thread::spawn(move || block_on(polled));
        gate.open();
        assert_eq!(waiting.join().unwrap().unwrap(), 2);

        // A poll first and a join after: the last to wait is woken.
        let gate = Gate::occupy(&pool);
        let mut polled = pool.submit(|| 3).unwrap();
        assert!(poll_once(&mut polled).is_pending());
        let waiting = thread::spawn(move || polled.join());
        gate.open();
        assert_eq!(waiting.join().unwrap().unwrap(), 3);
    });
}
