//! The visible tests of lesson 15: what the brief promises, as a program.

use std::sync::Arc;

use budgets::{Budget, Jobs, NotDone, TooLarge};
use wt_core::time::{Duration, SystemClock};

#[test]
fn a_permit_holds_bytes_as_long_as_it_lives() {
    let budget = Budget::new(100);
    let permit = budget.acquire(70).unwrap();
    assert_eq!((permit.bytes(), budget.free()), (70, 30));
    drop(permit);
    assert_eq!(budget.free(), 100);
    assert!(matches!(budget.acquire(101), Err(TooLarge)));
}

#[test]
fn a_job_has_a_value_or_a_reason() {
    let jobs = Jobs::start(Arc::new(SystemClock));
    assert_eq!(jobs.submit(None, |_| 6 * 7).wait(), Ok(42));
    let late = jobs.submit(Some(Duration::ZERO), |_| "too late");
    assert_eq!(late.wait(), Err(NotDone::Expired));
}

#[test]
fn a_running_job_hears_that_it_is_cancelled() {
    let jobs = Jobs::start(Arc::new(SystemClock));
    let (tell, begun) = wt_core::channel::bounded(1);
    let job = jobs.submit(None, move |token| {
        tell.send(()).unwrap();
        while !token.is_cancelled() {
            wt_core::thread::yield_now();
        }
        "stopped"
    });
    begun.recv().unwrap();
    job.cancel();
    assert_eq!(job.wait(), Ok("stopped"));
}
