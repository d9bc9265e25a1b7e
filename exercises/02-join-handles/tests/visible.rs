//! The visible tests of lesson 02: what the brief promises, as a program.

use join_handles::{Pool, ZeroWorkers};

#[test]
fn a_handle_brings_the_value_or_the_panic() {
    let pool = Pool::new(2).unwrap();
    let total = pool.submit(|| (1..=100).sum::<u32>()).unwrap();
    let broken = pool.submit(|| -> u32 { panic!("row 7 has no price") });

    assert_eq!(total.join().unwrap(), 5050);
    let panic = broken.unwrap().join().unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"row 7 has no price"));
}

#[test]
fn after_shutdown_a_job_comes_back() {
    let pool = Pool::new(1).unwrap();
    let queued = pool.submit(|| "done").unwrap();
    pool.shutdown();

    assert_eq!(queued.join().unwrap(), "done");
    let refused = pool.submit(|| "late").map(|_| ()).unwrap_err();
    assert_eq!((refused.0)(), "late");
}

#[test]
fn zero_workers_is_an_error() {
    assert_eq!(Pool::new(0).err(), Some(ZeroWorkers));
}
