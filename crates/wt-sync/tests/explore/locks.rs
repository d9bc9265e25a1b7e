use wt_sync::explore::How;
use wt_sync::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering::SeqCst};
use wt_sync::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock, TryLockError};
use wt_sync::thread;

use super::{fault, holds, holds_always, story};

#[test]
fn a_mutex_lets_one_in_at_a_time() {
    let explored = holds_always(|| {
        let count = Mutex::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut count = count.lock().unwrap();
                    let before = *count;
                    *count = before + 1;
                });
            }
        });
        assert_eq!(count.into_inner().unwrap(), 2);
    });
    assert!(explored.distinct > 10, "{explored:?}");
}

#[test]
fn try_lock_fails_while_another_has_the_lock_and_only_then() {
    holds(|| {
        let lock = Mutex::new(());
        let inside = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let _guard = lock.lock().unwrap();
                inside.store(true, SeqCst);
                inside.store(false, SeqCst);
            });
            match lock.try_lock() {
                Ok(_guard) => assert!(!inside.load(SeqCst)),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Poisoned(_)) => panic!("nobody panicked"),
            }
        });
    });
    // It does fail under some schedule.
    fault(|| {
        let lock = Mutex::new(());
        thread::scope(|scope| {
            scope.spawn(|| drop(lock.lock().unwrap()));
            assert!(lock.try_lock().is_ok());
        });
    });
}

#[test]
fn a_panic_poisons_the_lock_that_its_thread_held_and_no_other() {
    holds(|| {
        let (held, free) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
        let both = (Arc::clone(&held), Arc::clone(&free));
        let panicked = thread::spawn(move || {
            drop(both.1.lock().unwrap());
            let _guard = both.0.lock().unwrap();
            std::panic::panic_any("on purpose");
        });
        let payload = panicked.join().unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"on purpose"));
        assert!(held.is_poisoned() && !free.is_poisoned());
        assert_eq!(*held.lock().unwrap_err().into_inner(), 1);
        held.clear_poison();
        assert_eq!(*held.lock().unwrap(), 1);
    });
}

#[test]
fn readers_share_and_a_writer_is_alone() {
    holds(|| {
        let lock = RwLock::new(0);
        let writers = AtomicUsize::new(0);
        let readers = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let guard = lock.read().unwrap();
                    readers.fetch_add(1, SeqCst);
                    assert_eq!(writers.load(SeqCst), 0);
                    readers.fetch_sub(1, SeqCst);
                    drop(guard);
                });
            }
            scope.spawn(|| {
                let mut guard = lock.write().unwrap();
                writers.fetch_add(1, SeqCst);
                assert_eq!(readers.load(SeqCst), 0);
                *guard += 1;
                writers.fetch_sub(1, SeqCst);
            });
        });
        assert_eq!(lock.into_inner().unwrap(), 1);
    });
    // Two readers do meet.
    fault(|| {
        let lock = RwLock::new(());
        let readers = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let _guard = lock.read().unwrap();
                    readers.fetch_add(1, SeqCst);
                    assert!(readers.load(SeqCst) < 2);
                    readers.fetch_sub(1, SeqCst);
                });
            }
        });
    });
}

#[test]
fn a_condition_wakes_who_sleeps_and_nobody_else() {
    holds(|| {
        let pair = (Mutex::new(false), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let ready = pair.1.wait_while(pair.0.lock().unwrap(), |ready| !*ready);
                assert!(*ready.unwrap());
            });
            *pair.0.lock().unwrap() = true;
            pair.1.notify_one();
        });
    });
}

#[test]
fn notify_one_wakes_any_of_those_that_sleep() {
    // That the first sleeper is woken first is not what the type promises.
    let failure = fault(|| {
        let state = Mutex::new((0, Vec::new()));
        let (asleep, go) = (Condvar::new(), Condvar::new());
        thread::scope(|scope| {
            for number in 0..2 {
                let (state, asleep, go) = (&state, &asleep, &go);
                scope.spawn(move || {
                    let mut inside = state.lock().unwrap();
                    let turn = inside.0;
                    inside.0 += 1;
                    asleep.notify_one();
                    let mut inside = go.wait(inside).unwrap();
                    inside.1.push(turn);
                    let _ = number;
                });
            }
            let inside = asleep.wait_while(state.lock().unwrap(), |inside| inside.0 < 2);
            drop(inside.unwrap());
            go.notify_one();
            go.notify_one();
        });
        assert_eq!(state.into_inner().unwrap().1, [0, 1]);
    });
    assert!(
        matches!(failure.how, How::Panicked(_)),
        "{}",
        story(&failure)
    );
}

#[test]
fn a_barrier_lets_all_go_together_and_has_one_leader() {
    holds(|| {
        let barrier = Barrier::new(3);
        let (arrived, leaders) = (AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for round in 1..=2 {
                        arrived.fetch_add(1, SeqCst);
                        if barrier.wait().is_leader() {
                            leaders.fetch_add(1, SeqCst);
                        }
                        assert!(arrived.load(SeqCst) >= 3 * round);
                        barrier.wait();
                    }
                });
            }
        });
        assert_eq!(leaders.load(SeqCst), 2);
    });
}

#[test]
fn an_initialisation_happens_once_and_the_others_wait_for_it() {
    holds(|| {
        let calls = AtomicU32::new(0);
        let cell = OnceLock::new();
        let once = Once::new();
        let lazy = LazyLock::new(|| calls.fetch_add(1, SeqCst));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let init = || (calls.fetch_add(1, SeqCst), 7).1;
                    assert_eq!(*cell.get_or_init(init), 7);
                    once.call_once(|| {
                        calls.fetch_add(1, SeqCst);
                    });
                    assert!(once.is_completed());
                    let _: u32 = *lazy;
                });
            }
        });
        assert_eq!(calls.load(SeqCst), 3);
        assert_eq!(cell.set(8), Err(8));
    });
}

#[test]
fn an_initialisation_that_panicked_is_tried_again_or_poisons() {
    holds(|| {
        let quiet =
            |f: &(dyn Fn() + std::panic::RefUnwindSafe)| std::panic::catch_unwind(f).is_err();
        let cell: OnceLock<u8> = OnceLock::new();
        let once = Once::new();
        let fail = || std::panic::resume_unwind(Box::new("on purpose"));
        assert!(quiet(&|| _ = cell.get_or_init(fail)));
        assert_eq!(cell.get(), None);
        assert_eq!(*cell.get_or_init(|| 3), 3);
        assert!(quiet(&|| once.call_once(|| _ = fail())));
        once.call_once_force(|state| assert!(state.is_poisoned()));
        assert!(once.is_completed());
    });
}

#[test]
fn atomics_compute_as_stds_do() {
    holds(|| {
        let number = AtomicU32::new(5);
        assert_eq!(number.fetch_add(3, SeqCst), 5);
        assert_eq!(number.fetch_max(20, SeqCst), 8);
        assert_eq!(number.swap(1, SeqCst), 20);
        assert_eq!(number.compare_exchange(1, 2, SeqCst, SeqCst), Ok(1));
        assert_eq!(number.compare_exchange(1, 3, SeqCst, SeqCst), Err(2));
        assert_eq!(number.fetch_update(SeqCst, SeqCst, |n| Some(n * 2)), Ok(2));
        assert_eq!(number.into_inner(), 4);
        let flag = AtomicBool::default();
        assert!(!flag.fetch_or(true, SeqCst) && flag.fetch_not(SeqCst));
        let mut here = 7;
        let pointer = AtomicPtr::new(&raw mut here);
        assert_eq!(pointer.load(SeqCst), &raw mut here);
    });
}

#[test]
fn a_mutex_in_a_static_is_free_in_each_execution() {
    static LOCK: Mutex<u32> = Mutex::new(0);
    holds(|| {
        let mut guard = LOCK.lock().unwrap();
        *guard += 1;
    });
    // Outside of an exploration it is a lock like std's.
    assert!(*LOCK.lock().unwrap() >= 100);
    assert!(LOCK.try_lock().is_ok());
}
