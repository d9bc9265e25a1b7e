//! Checks that are explored, run as a lesson's are: each in a process of its own.

use std::panic::catch_unwind;
use std::process::ExitCode;

use wt_check::{FakeClock, explore};
use wt_sync::channel::{RecvTimeoutError, bounded};
use wt_sync::sync::atomic::{AtomicU32, Ordering::SeqCst};
use wt_sync::thread;
use wt_sync::time::{Clock, Duration};

const HOUR: Duration = Duration::from_secs(3600);

fn main() -> ExitCode {
    wt_check::run(&[
        explore!(every_order_of_two_threads_is_tried)
            .in_depth()
            .schedules(1000),
        explore!(with_patience_a_message_is_never_too_late)
            .patient()
            .schedules(1000),
        explore!(a_fake_clock_wakes_its_sleeper).schedules(500),
        explore!(what_belongs_to_the_system_is_refused).schedules(2),
        explore!(a_long_schedule_may_be_allowed)
            .steps(100_000)
            .schedules(2),
    ])
}

fn every_order_of_two_threads_is_tried() {
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| count.fetch_add(1, SeqCst));
        scope.spawn(|| count.fetch_add(2, SeqCst));
    });
    assert!(count.load(SeqCst) == 3, "an addition was lost");
}

fn with_patience_a_message_is_never_too_late() {
    let (tx, rx) = bounded(0);
    let sender = thread::spawn(move || tx.send(7).is_ok());
    assert!(rx.recv_timeout(HOUR) == Ok(7), "the message was late");
    assert!(sender.join().unwrap(), "nobody received");
    assert!(rx.recv_timeout(HOUR) == Err(RecvTimeoutError::Disconnected));
}

fn a_fake_clock_wakes_its_sleeper() {
    let clock = FakeClock::new();
    let own = clock.clone();
    let sleeper = thread::spawn(move || {
        let start = own.now();
        own.sleep(HOUR);
        own.now() - start
    });
    // Whether it sleeps already or not: two hours are more than one.
    while !sleeper.is_finished() {
        clock.advance(HOUR);
        thread::yield_now();
    }
    assert!(sleeper.join().unwrap() >= HOUR, "it woke too early");
}

fn what_belongs_to_the_system_is_refused() {
    let refused = |f: fn()| {
        let payload = catch_unwind(f).unwrap_err();
        let message = payload.downcast_ref::<String>().unwrap();
        assert!(
            message.contains("a deadlock is found by itself"),
            "{message}"
        );
    };
    refused(|| drop(wt_check::spawn("thread", || ())));
    refused(|| assert!(wt_check::wait_until(|| true)));
}

fn a_long_schedule_may_be_allowed() {
    let count = AtomicU32::new(0);
    for _ in 0..30_000 {
        count.fetch_add(1, SeqCst);
    }
}
