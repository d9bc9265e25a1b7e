//! The visible tests of lesson 05: what the brief promises, as a program.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use pool_sizing::{ElasticPool, Limits, Profile, Row, by_formula, by_table};
use wt_core::time::SystemClock;

#[test]
fn jobs_that_wait_three_quarters_of_their_time_want_four_workers_per_core() {
    let profile = Profile {
        compute: Duration::from_millis(10),
        wait: Duration::from_millis(30),
    };
    assert_eq!(by_formula(4, profile, 64), 16);
    assert_eq!(by_formula(4, profile, 10), 10);
}

#[test]
fn the_smallest_number_that_is_good_enough_is_chosen() {
    let sweep = [(2, 500), (8, 980), (32, 1000)].map(|(workers, jobs_per_second)| Row {
        workers,
        jobs_per_second,
    });
    assert_eq!(by_table(&sweep), Some(8));
    assert_eq!(by_table(&[]), None);
}

#[test]
fn a_worker_starts_with_the_first_job_and_runs_the_second() {
    let limits = Limits {
        min: 0,
        max: 4,
        keep_alive: Duration::from_secs(60),
    };
    let pool = ElasticPool::new(limits, Arc::new(SystemClock));
    assert_eq!(pool.workers(), 0);
    let (done, results) = mpsc::channel();
    for job in 1..=2 {
        let done = done.clone();
        pool.execute(move || done.send(job).unwrap());
        assert_eq!(results.recv(), Ok(job));
        while pool.idle() == 0 {
            std::thread::yield_now();
        }
    }
    pool.retire_idle(); // nobody has been idle for a minute
    assert_eq!(pool.workers(), 1);
}
