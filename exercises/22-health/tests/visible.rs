//! The visible tests of lesson 22: what the brief promises, as a program.

use std::sync::Arc;
use std::time::Duration;

use health::{Health, State, Status};
use wt_core::time::SystemClock;

#[test]
fn a_worker_in_a_job_is_working() {
    let health = Health::new(Arc::new(SystemClock), Duration::from_secs(3600));
    let heart = health.worker("w0");
    assert_eq!(health.report().workers[0].state, State::Idle);
    heart.run("resize 7", |pulse| {
        pulse.beat();
        let report = health.report();
        assert_eq!(report.workers[0].state, State::Working);
        assert_eq!(report.workers[0].job.as_ref().unwrap().name, "resize 7");
    });
    assert_eq!(health.report().workers[0].state, State::Idle);
    assert!(health.check().is_empty());
}

#[test]
fn a_silent_job_is_told_of() {
    // Every silence is too long.
    let health = Health::new(Arc::new(SystemClock), Duration::ZERO);
    let heart = health.worker("w0");
    heart.run("resize 7", |_| {
        assert_eq!(health.report().status(), Status::Down);
        assert_eq!(health.check().len(), 1);
    });
}
