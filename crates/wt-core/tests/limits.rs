//! Budgets: what is in use never exceeds them, and everybody gets a turn.

mod deadline;

use std::collections::VecDeque;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use deadline::{PATIENCE, spawn_asleep, wait_until, within_patience};
use wt_core::limits::{AcquireError, Budget, Permit};
use wt_core::pool::Pool;

const ROUNDS: usize = if cfg!(miri) { 20 } else { 2000 };

#[test]
fn a_permit_comes_back_when_it_is_dropped() {
    let budget = Budget::new(100);
    let permit = budget.acquire(60).unwrap();
    assert_eq!(permit.amount(), 60);
    let error = budget.try_acquire(41).unwrap_err();
    assert_eq!(
        error,
        AcquireError::Full {
            amount: 41,
            free: 40
        }
    );
    let rest = budget.try_acquire(40).unwrap();
    drop((permit, rest));
    let stats = budget.stats();
    assert_eq!((stats.in_use, stats.peak, stats.granted), (0, 100, 2));
}

#[test]
fn a_panic_gives_the_permit_back() {
    let budget = Budget::new(10);
    let inside = budget.clone();
    let caught = panic::catch_unwind(move || {
        let _permit = inside.acquire(10).unwrap();
        panic!("while holding all of it");
    });
    assert!(caught.is_err());
    assert!(budget.try_acquire(10).is_ok());
}

#[test]
fn a_permit_in_a_job_that_panics_comes_back() {
    within_patience(|| {
        let budget = Budget::new(10);
        let pool = Pool::new(1).unwrap();
        for _ in 0..20 {
            let permit = budget.acquire(10).unwrap();
            let job = pool.submit(move || {
                let _permit = permit;
                panic!("a job fails");
            });
            drop(job.unwrap());
        }
        let _permit = budget.acquire(10).unwrap();
    });
}

#[test]
fn more_than_the_whole_budget_is_an_error_at_once() {
    within_patience(|| {
        let budget = Budget::new(64);
        let too_large = AcquireError::TooLarge {
            amount: 65,
            total: 64,
        };
        assert_eq!(budget.acquire(65).unwrap_err(), too_large);
        assert_eq!(budget.try_acquire(65).unwrap_err(), too_large);
        let error = budget.acquire_timeout(65, PATIENCE).unwrap_err();
        assert_eq!(error, too_large);
        assert_eq!(
            error.to_string(),
            "a request of 65 can never fit a budget of 64"
        );
        assert!(Budget::new(0).acquire(1).is_err());
    });
}

#[test]
fn a_request_for_nothing_never_waits() {
    within_patience(|| {
        let budget = Budget::new(1);
        let all = budget.acquire(1).unwrap();
        let asleep = waiting(&budget, 1);
        assert_eq!(budget.acquire(0).unwrap().amount(), 0);
        assert!(Budget::new(0).acquire(0).is_ok());
        drop(all);
        asleep.join().unwrap().unwrap();
    });
}

#[test]
fn a_large_request_is_not_overtaken_by_small_ones() {
    within_patience(|| {
        let budget = Budget::new(10);
        let mut held = budget.acquire(10).unwrap();
        let large = waiting(&budget, 8);
        let small = waiting(&budget, 1);
        // Enough for the small one, who is second, and not for the large one.
        drop(held.split(5));
        assert_eq!(budget.stats().waiting, 2);
        let error = budget.try_acquire(1).unwrap_err();
        assert_eq!(error, AcquireError::Full { amount: 1, free: 5 });
        assert_eq!(
            error.to_string(),
            "a request of 1 is behind others that wait"
        );
        drop(held);
        let large = large.join().unwrap().unwrap();
        let small = small.join().unwrap().unwrap();
        assert_eq!((large.amount(), small.amount()), (8, 1));
    });
}

#[test]
fn requests_are_served_in_the_order_in_which_they_came() {
    within_patience(|| {
        let budget = Budget::new(1);
        let first = budget.acquire(1).unwrap();
        let turns = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..8)
            .map(|place| {
                let (inside, turns) = (budget.clone(), Arc::clone(&turns));
                let thread = thread::spawn(move || {
                    let permit = inside.acquire(1).unwrap();
                    let turn = turns.fetch_add(1, Ordering::SeqCst);
                    drop(permit);
                    (place, turn)
                });
                wait_until(|| budget.stats().waiting == place + 1);
                thread
            })
            .collect();
        drop(first);
        for thread in threads {
            let (place, turn) = thread.join().unwrap();
            assert_eq!(place, turn);
        }
        assert_eq!(budget.stats().waited, 8);
    });
}

#[test]
fn giving_up_takes_nothing_and_lets_the_next_one_through() {
    within_patience(|| {
        let budget = Budget::new(10);
        let held = budget.acquire(5).unwrap();
        let inside = budget.clone();
        let large = thread::spawn(move || inside.acquire_timeout(10, Duration::from_millis(50)));
        wait_until(|| budget.stats().waiting == 1 || large.is_finished());
        // It would fit at once, but for the large one.
        let small = budget.acquire(5).unwrap();
        let error = large.join().unwrap().unwrap_err();
        assert_eq!(error, AcquireError::TimedOut { amount: 10 });
        let stats = budget.stats();
        assert_eq!((stats.in_use, stats.waiting, stats.timed_out), (10, 0, 1));
        drop((held, small));
    });
}

#[test]
fn a_wait_with_time_enough_is_served() {
    within_patience(|| {
        let budget = Budget::new(1);
        let held = budget.acquire(1).unwrap();
        let inside = budget.clone();
        let thread = spawn_asleep(move || inside.acquire_timeout(1, Duration::MAX));
        drop(held);
        assert!(thread.join().unwrap().is_ok());
        assert!(matches!(
            {
                let _held = budget.acquire(1).unwrap();
                budget.acquire_timeout(1, Duration::ZERO)
            },
            Err(AcquireError::TimedOut { amount: 1 })
        ));
    });
}

#[test]
fn closing_ends_all_waits_and_leaves_permits_good() {
    within_patience(|| {
        let budget = Budget::new(10);
        let held = budget.acquire(10).unwrap();
        let waits = [waiting(&budget, 3), waiting(&budget, 10)];
        budget.close();
        budget.close();
        for wait in waits {
            assert_eq!(wait.join().unwrap().unwrap_err(), AcquireError::Closed);
        }
        assert_eq!(budget.try_acquire(0).unwrap_err(), AcquireError::Closed);
        assert_eq!(budget.stats().in_use, 10);
        drop(held);
        assert_eq!(budget.stats().in_use, 0);
        assert_eq!(budget.acquire(1).unwrap_err(), AcquireError::Closed);
    });
}

#[test]
fn permits_are_split_and_merged() {
    let (budget, other) = (Budget::new(10), Budget::new(10));
    let mut permit = budget.acquire(7).unwrap();
    let part = permit.split(3);
    assert_eq!((permit.amount(), part.amount()), (4, 3));
    permit.merge(part);
    assert_eq!((permit.amount(), budget.stats().in_use), (7, 7));
    drop(permit.split(7));
    assert_eq!((permit.amount(), budget.stats().in_use), (0, 0));

    let foreign = other.acquire(5).unwrap();
    let mixed = panic::AssertUnwindSafe(|| permit.merge(foreign));
    assert!(panic::catch_unwind(mixed).is_err());
    assert_eq!(other.stats().in_use, 0, "it went back to its own budget");
    let mut permit = budget.acquire(1).unwrap();
    let too_much = panic::AssertUnwindSafe(|| drop(permit.split(2)));
    assert!(panic::catch_unwind(too_much).is_err());
}

#[test]
fn one_thread_sees_what_arithmetic_says() {
    let mut rng = fastrand::Rng::with_seed(11);
    let budget = Budget::new(50);
    let mut held: VecDeque<Permit> = VecDeque::new();
    let (mut peak, mut granted) = (0, 0);
    for _ in 0..ROUNDS {
        let in_use: usize = held.iter().map(Permit::amount).sum();
        if rng.bool() {
            let amount = rng.usize(..60);
            let expected = amount <= 50 - in_use;
            match budget.try_acquire(amount) {
                Ok(permit) => {
                    held.push_back(permit);
                    granted += 1;
                    assert!(expected, "{amount} of {in_use} in use");
                }
                Err(AcquireError::TooLarge { .. }) => assert!(amount > 50),
                Err(AcquireError::Full { free, .. }) => {
                    assert!(!expected);
                    assert_eq!(free, 50 - in_use);
                }
                Err(other) => panic!("{other}"),
            }
        } else {
            held.pop_front();
        }
        let in_use = held.iter().map(Permit::amount).sum();
        peak = peak.max(in_use);
        let stats = budget.stats();
        assert_eq!(
            (stats.in_use, stats.peak, stats.granted),
            (in_use, peak, granted)
        );
    }
}

#[test]
fn many_threads_never_hold_more_than_the_budget_and_all_finish() {
    for threads in [1, 2, 8] {
        within_patience(move || {
            let budget = Budget::new(100);
            let held = Arc::new(AtomicUsize::new(0));
            let threads: Vec<_> = (0..threads)
                .map(|seed| {
                    let (budget, held) = (budget.clone(), Arc::clone(&held));
                    thread::spawn(move || take_and_give_back(&budget, &held, seed))
                })
                .collect();
            let granted: u64 = threads.into_iter().map(|t| t.join().unwrap()).sum();
            let stats = budget.stats();
            assert_eq!((stats.in_use, stats.waiting), (0, 0));
            assert_eq!(stats.granted, granted);
            assert!(stats.peak <= 100);
        });
    }
}

/// Asks in every way, and checks from outside that the budget is kept.
fn take_and_give_back(budget: &Budget, held: &AtomicUsize, seed: u64) -> u64 {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut granted = 0;
    for _ in 0..ROUNDS {
        let amount = rng.usize(..=100);
        let permit = match rng.u8(..3) {
            0 => budget.acquire(amount),
            1 => budget.try_acquire(amount),
            _ => budget.acquire_timeout(amount, Duration::from_micros(rng.u64(..50))),
        };
        let Ok(permit) = permit else { continue };
        granted += 1;
        let now = held.fetch_add(amount, Ordering::SeqCst) + amount;
        assert!(now <= 100, "{now} of 100 in use");
        held.fetch_sub(amount, Ordering::SeqCst);
        drop(permit);
    }
    granted
}

/// A thread that stands in line for `amount`, and is known to.
fn waiting(budget: &Budget, amount: usize) -> thread::JoinHandle<Result<Permit, AcquireError>> {
    let before = budget.stats().waiting;
    let inside = budget.clone();
    let thread = thread::spawn(move || inside.acquire(amount));
    wait_until(|| budget.stats().waiting == before + 1);
    thread
}
