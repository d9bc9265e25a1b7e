//! The visible tests of lesson 21: what the brief promises, as a program.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use retry_and_supervise::{Backoff, Breaker, Failure, Outcome, Settings, Supervisor};
use wt_core::thread;
use wt_core::time::SystemClock;

const BACKOFF: Backoff = Backoff {
    base: Duration::from_millis(1),
    cap: Duration::from_millis(3),
    seed: 1,
};

#[test]
fn a_job_succeeds_at_its_third_attempt() {
    let settings = Settings {
        workers: 2,
        attempts: 5,
        backoff: BACKOFF,
        time_limit: Duration::from_secs(60),
        restarts: 3,
        per: Duration::from_secs(60),
    };
    let pool = Supervisor::new(settings, Arc::new(SystemClock));
    let (tried, attempts) = mpsc::channel();
    let job = pool.submit(move |attempt| {
        tried.send(attempt).unwrap();
        match attempt {
            3 => Ok(()),
            _ => Err(Failure::Transient("no answer".into())),
        }
    });
    while pool.outcome(job).is_none() {
        pool.tick();
        thread::yield_now();
    }
    assert_eq!(pool.outcome(job), Some(Outcome::Done { attempts: 3 }));
    assert_eq!(attempts.try_iter().collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn no_wait_is_longer_than_the_cap_or_shorter_than_half_of_it() {
    let wait = BACKOFF.delay(0, 30);
    assert!(wait <= BACKOFF.cap && wait >= BACKOFF.cap / 2, "{wait:?}");
}

#[test]
fn a_breaker_opens_after_two_failures() {
    let breaker = Breaker::new(2, Duration::from_secs(60), Arc::new(SystemClock));
    breaker.record(false);
    assert!(breaker.allow());
    breaker.record(false);
    assert!(!breaker.allow());
}
