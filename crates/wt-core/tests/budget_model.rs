//! Budgets, and the buffers that stand on them, under every order of steps that a
//! scheduler finds.
//!
//! Their sources are compiled once more, here, against shuttle's locks and a
//! clock of this file: `extern crate self as wt_sync` makes this crate the façade
//! that they use. A short version runs with all other tests. The long one:
//! `WT_SCHEDULES=10000 cargo test --release -p wt-core --test budget_model`
#![cfg(not(miri))]

extern crate self as wt_sync;

#[path = "../src/limits/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    unfulfilled_lint_expectations,
    rustdoc::broken_intra_doc_links,
    reason = "the models use a part of the modules"
)]
mod limits;

#[path = "../src/buffer"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    unfulfilled_lint_expectations,
    rustdoc::broken_intra_doc_links,
    reason = "the models use a part of the modules"
)]
mod buffer {
    mod buffer_pool;
    mod chunks;
    mod copy_on_write;
    mod owner;
    mod records;
    mod recycled;
    mod shared_slice;

    pub(crate) use buffer_pool::BufferPool;
    pub(crate) use recycled::Buffer;
    pub(crate) use shared_slice::SharedSlice;
}

use std::sync::Arc as StdArc;
use std::sync::Mutex as StdMutex;

use buffer::BufferPool;
use limits::{AcquireError, Budget, Permit};
use shuttle::rand::{Rng, thread_rng};
use shuttle::{check_pct, check_random, thread};
use time::Duration;

/// Shuttle's, with a wait that can end by time.
mod sync {
    use std::ops::{Deref, DerefMut};

    use shuttle::rand::{Rng, thread_rng};
    pub(crate) use shuttle::sync::{Arc, LockResult};

    use crate::time;

    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);
    pub(crate) struct MutexGuard<'a, T> {
        of: &'a Mutex<T>,
        guard: shuttle::sync::MutexGuard<'a, T>,
    }
    #[derive(Debug, Default)]
    pub(crate) struct Condvar(shuttle::sync::Condvar);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(shuttle::sync::Mutex::new(value))
        }
        pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            let guard = self.0.lock().expect("no model poisons a lock");
            Ok(MutexGuard { of: self, guard })
        }
    }

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self::default()
        }
        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }
        pub(crate) fn wait<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
        ) -> LockResult<MutexGuard<'a, T>> {
            let MutexGuard { of, guard } = guard;
            let guard = self.0.wait(guard).expect("no model poisons a lock");
            Ok(MutexGuard { of, guard })
        }
        /// Lets others run for a while, then wakes up, too early or in time. A
        /// notification is not needed, as in a wait whose time is up.
        pub(crate) fn wait_timeout<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            left: time::Duration,
        ) -> LockResult<(MutexGuard<'a, T>, ())> {
            let MutexGuard { of, guard } = guard;
            drop(guard);
            shuttle::thread::yield_now();
            time::advance(left / thread_rng().gen_range(1..3));
            Ok((of.lock().expect("no model poisons a lock"), ()))
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            &self.guard
        }
    }
    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.guard
        }
    }
}

/// A clock that only timed waits move. All threads of a model run on one thread
/// of the system, so a thread-local is shared by them.
mod time {
    use std::cell::Cell;
    use std::ops::Add;

    pub(crate) use std::time::Duration;

    thread_local! {
        static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Instant(Duration);

    pub(crate) fn advance(by: Duration) {
        NOW.set(NOW.get() + by);
    }

    impl Instant {
        pub(crate) fn now() -> Self {
            Self(NOW.get())
        }
        pub(crate) fn checked_add(self, time: Duration) -> Option<Self> {
            self.0.checked_add(time).map(Self)
        }
        pub(crate) fn saturating_duration_since(self, earlier: Self) -> Duration {
            self.0.saturating_sub(earlier.0)
        }
    }
    impl Add<Duration> for Instant {
        type Output = Self;
        fn add(self, time: Duration) -> Self {
            Self(self.0 + time)
        }
    }
}

/// What all permits together hold, seen from outside. Std's lock: it orders
/// nothing that the model should explore.
#[derive(Clone)]
struct Held {
    total: usize,
    amounts: StdArc<StdMutex<usize>>,
}

impl Held {
    fn new(total: usize) -> Self {
        let amounts = StdArc::default();
        Self { total, amounts }
    }
    fn hold(&self, permit: Permit) {
        {
            let mut held = self.amounts.lock().unwrap();
            *held += permit.amount();
            assert!(*held <= self.total, "{held} of {} in use", self.total);
        }
        thread::yield_now();
        *self.amounts.lock().unwrap() -= permit.amount();
        drop(permit);
    }
}

/// Requests of all sizes and kinds: the budget is kept, everybody finishes, and
/// all comes back.
#[test]
fn the_budget_is_kept_and_everybody_finishes() {
    explore(|| {
        let (budget, held) = (Budget::new(3), Held::new(3));
        let threads: Vec<_> = [1, 3, 2]
            .map(|amount| {
                let (budget, held) = (budget.clone(), held.clone());
                thread::spawn(move || {
                    for _ in 0..2 {
                        let permit = match thread_rng().gen_range(0..3) {
                            0 => budget.acquire(amount),
                            1 => budget.try_acquire(amount),
                            _ => budget.acquire_timeout(amount, Duration::from_secs(1)),
                        };
                        match permit {
                            Ok(permit) => held.hold(permit),
                            Err(AcquireError::Full { .. } | AcquireError::TimedOut { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                })
            })
            .into();
        for thread in threads {
            thread.join().unwrap();
        }
        let stats = budget.stats();
        assert_eq!((stats.in_use, stats.waiting), (0, 0));
        assert!(budget.try_acquire(3).is_ok());
    });
}

/// A large request among small ones that keep coming gets its turn, and nobody
/// who came later is served before.
#[test]
fn a_large_request_is_not_overtaken() {
    explore(|| {
        let budget = Budget::new(2);
        let first = budget.acquire(1).unwrap();
        let turns = StdArc::new(StdMutex::new(Vec::new()));
        let threads: Vec<_> = [2, 1, 1]
            .into_iter()
            .enumerate()
            .map(|(place, amount)| {
                let (inside, turns) = (budget.clone(), StdArc::clone(&turns));
                let thread = thread::spawn(move || {
                    let permit = inside.acquire(amount).unwrap();
                    turns.lock().unwrap().push(place);
                    permit
                });
                while budget.stats().waiting <= place {
                    thread::yield_now();
                }
                thread
            })
            .collect();
        drop(first);
        let mut ends = threads.into_iter();
        drop(ends.next().unwrap().join().unwrap());
        assert_eq!(turns.lock().unwrap()[0], 0);
        ends.for_each(|thread| drop(thread.join().unwrap()));
        assert_eq!(budget.stats().in_use, 0);
    });
}

/// One who asks for 2 and gives up after a while, and one who waits for 1. They
/// tell whether they were served, and with how much.
fn impatient_and_patient(budget: &Budget) -> (thread::JoinHandle<bool>, thread::JoinHandle<usize>) {
    let (first, second) = (budget.clone(), budget.clone());
    let soon = Duration::from_secs(1);
    (
        thread::spawn(move || first.acquire_timeout(2, soon).is_ok()),
        thread::spawn(move || second.acquire(1).unwrap().amount()),
    )
}

/// Giving up races with being served: either way nothing is lost, and who stood
/// behind is served.
#[test]
fn giving_up_at_the_last_moment_loses_nothing() {
    explore(|| {
        let budget = Budget::new(2);
        let first = budget.acquire(1).unwrap();
        let (large, small) = impatient_and_patient(&budget);
        drop(first);
        assert_eq!(small.join().unwrap(), 1);
        let served = large.join().unwrap();
        let stats = budget.stats();
        assert_eq!((stats.in_use, stats.timed_out), (0, u64::from(!served)));
        assert_eq!(stats.granted, 2 + u64::from(served));
    });
}

/// Who gives up at the front lets those behind it through, without any permit
/// coming back.
#[test]
fn giving_up_at_the_front_lets_the_next_one_through() {
    explore(|| {
        let budget = Budget::new(2);
        let first = budget.acquire(1).unwrap();
        let (large, small) = impatient_and_patient(&budget);
        assert_eq!(small.join().unwrap(), 1);
        assert!(!large.join().unwrap());
        drop(first);
        assert_eq!(budget.stats().in_use, 0);
    });
}

/// One permit that comes back serves all whom it suffices for.
#[test]
fn one_permit_that_comes_back_serves_several() {
    explore(|| {
        let budget = Budget::new(3);
        let first = budget.acquire(3).unwrap();
        let waits = [1, 2].map(|amount| {
            let inside = budget.clone();
            thread::spawn(move || inside.acquire(amount).unwrap())
        });
        drop(first);
        // Neither permit comes back before the other is there.
        let permits = waits.map(|wait| wait.join().unwrap());
        assert_eq!(budget.stats().in_use, 3);
        drop(permits);
        assert_eq!(budget.stats().in_use, 0);
    });
}

/// Closing races with waiting and with giving back: nobody waits for ever.
#[test]
fn closing_ends_every_wait() {
    explore(|| {
        let budget = Budget::new(1);
        let first = budget.acquire(1).unwrap();
        let waits = [1, 1].map(|amount| {
            let inside = budget.clone();
            thread::spawn(move || inside.acquire(amount).map(|permit| permit.amount()))
        });
        let inside = budget.clone();
        let closer = thread::spawn(move || inside.close());
        drop(first);
        for wait in waits {
            let outcome = wait.join().unwrap();
            assert!(matches!(outcome, Ok(1) | Err(AcquireError::Closed)));
        }
        closer.join().unwrap();
        let stats = budget.stats();
        assert_eq!((stats.in_use, stats.waiting), (0, 0));
    });
}

/// A permit that is cut in two comes back in any order.
#[test]
fn a_permit_cut_in_two_comes_back_in_any_order() {
    explore(|| {
        let budget = Budget::new(4);
        let mut permit = budget.acquire(4).unwrap();
        let part = permit.split(2);
        let thread = thread::spawn(move || drop(part));
        let inside = budget.clone();
        let waiter = thread::spawn(move || inside.acquire(3).unwrap().amount());
        drop(permit);
        assert_eq!(waiter.join().unwrap(), 3);
        thread.join().unwrap();
        assert_eq!(budget.stats().in_use, 0);
    });
}

/// Buffers on loan to more threads than there are buffers: nobody waits for ever,
/// and whoever gets a place finds a buffer there, if one was ever made for it.
#[test]
fn a_buffer_is_home_before_its_place_is_free() {
    explore(|| {
        let buffers = BufferPool::<u8>::new(1, 4);
        let threads: Vec<_> = (0..3)
            .map(|byte| {
                let buffers = buffers.clone();
                thread::spawn(move || {
                    let mut buffer = buffers.take();
                    assert!(buffer.is_empty());
                    buffer.push(byte);
                    buffer.push(byte);
                    let (left, right) = buffer.into_shared().split_at(1);
                    let other = thread::spawn(move || left[0]);
                    assert_eq!((right[0], other.join().unwrap()), (byte, byte));
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        let stats = buffers.stats();
        assert_eq!((stats.in_use, stats.home), (0, 1));
        assert_eq!((stats.allocated, stats.reused, stats.peak), (1, 2, 1));
    });
}

/// Runs a model under random schedules, and as many again in which few threads
/// are favoured for long, which finds what needs a long delay in one place.
fn explore(model: impl Fn() + Send + Sync + Copy + 'static) {
    let schedules = std::env::var("WT_SCHEDULES").map_or(200, |count| count.parse().unwrap());
    check_random(model, schedules);
    check_pct(model, schedules, 3);
}
