//! The visible tests of lesson 20: what the brief promises, as a program.
//!
//! With the code as it is, some of them hang: end them with Ctrl-C. `cargo xtask check 20`
//! does not hang; it tells who waits for whom.

use deadlock_clinic::{Accounts, SameAccount, Service, Stopped, answer_all};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn money_moves_from_one_account_to_the_other() {
    let accounts = Accounts::new(&[100, 0]);
    let moved = accounts.with_both(0, 1, |from, to| {
        *from -= 30;
        *to += 30;
        (*from, *to)
    });
    assert_eq!(moved, Ok((70, 30)));
    assert_eq!(accounts.total(), 100);
}

#[test]
fn an_account_cannot_be_both_ends() {
    let accounts = Accounts::new(&[100]);
    assert_eq!(accounts.with_both(0, 0, |_, _| ()), Err(SameAccount));
}

#[test]
fn a_hundred_requests_are_answered_through_two_places() {
    let mut answers = Vec::new();
    answer_all(0..100, 2, |n| n * 2, |answer| answers.push(answer));
    let expected: Vec<u32> = (0..100).map(|n| n * 2).collect();
    assert_eq!(answers, expected);
}

#[test]
fn stop_waits_for_the_jobs() {
    let service = Service::start();
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let done = Arc::clone(&done);
        let job = move || {
            done.fetch_add(1, Ordering::SeqCst);
        };
        assert_eq!(service.submit(job), Ok(()));
    }
    service.stop();
    assert_eq!(done.load(Ordering::SeqCst), 3);
    assert_eq!(service.submit(|| ()), Err(Stopped));
}

#[test]
fn a_job_may_stop_its_own_service() {
    let service = Arc::new(Service::start());
    let own = Arc::clone(&service);
    assert_eq!(service.submit(move || own.stop()), Ok(()));
    service.stop();
}
