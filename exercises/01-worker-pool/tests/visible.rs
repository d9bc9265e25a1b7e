//! The visible tests of lesson 01: what the brief promises, as a program.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use worker_pool::{Pool, ZeroWorkers};

#[test]
fn four_workers_run_a_hundred_jobs() {
    let ran = Arc::new(AtomicUsize::new(0));

    let pool = Pool::new(4).unwrap();
    for _ in 0..100 {
        let ran = Arc::clone(&ran);
        pool.execute(move || {
            ran.fetch_add(1, Ordering::Relaxed);
        });
    }
    drop(pool); // waits for all hundred

    assert_eq!(ran.load(Ordering::Relaxed), 100);
}

#[test]
fn zero_workers_is_an_error() {
    assert_eq!(Pool::new(0).err(), Some(ZeroWorkers));
}

#[test]
fn threads_may_share_one_pool() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = Pool::new(2).unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            let ran = Arc::clone(&ran);
            scope.spawn(|| {
                pool.execute(move || {
                    ran.fetch_add(1, Ordering::Relaxed);
                });
            });
        }
    });
    drop(pool);
    assert_eq!(ran.load(Ordering::Relaxed), 3);
}
