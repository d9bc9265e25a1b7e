//! The visible tests of lesson 14: what the brief promises, as a program.

use std::sync::Arc;
use std::sync::mpsc;

use usage_monitor::{Jobs, Pool};
use wt_core::time::SystemClock;

#[test]
fn jobs_are_counted() {
    let pool = Pool::new(2, Arc::new(SystemClock));
    let before = pool.snapshot();
    let (tx, rx) = mpsc::channel();
    for _ in 0..10 {
        let tx = tx.clone();
        pool.submit(move || tx.send(()).unwrap());
    }
    for _ in 0..10 {
        rx.recv().unwrap();
    }
    let jobs = pool.snapshot().since(&before).jobs;
    assert_eq!(jobs.submitted, 10);
    assert_eq!(jobs.queued, 0);
    // The last job has sent its word; whether its worker has counted its end is open.
    assert_eq!(jobs.done + jobs.running, 10);
}

#[test]
fn bytes_count_while_they_are_held() {
    let pool = Pool::new(1, Arc::new(SystemClock));
    let held = pool.gauge().hold(100);
    assert_eq!(pool.snapshot().bytes.live, 100);
    drop(held);
    let bytes = pool.snapshot().bytes;
    assert_eq!((bytes.live, bytes.peak), (0, 100));
    assert_eq!(pool.snapshot().jobs, Jobs::default());
}
