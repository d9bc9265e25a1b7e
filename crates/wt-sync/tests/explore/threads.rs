use std::cell::{Cell, RefCell};

use wt_sync::explore::{How, Options, explore};
use wt_sync::sync::atomic::{AtomicU32, Ordering::SeqCst};
use wt_sync::sync::{Arc, Mutex};
use wt_sync::{thread, thread_local};

use super::{fault, holds, story};

#[test]
fn join_gives_the_value_or_the_panic() {
    holds(|| {
        let good = thread::spawn(|| 42);
        let bad = thread::spawn(|| -> () { std::panic::resume_unwind(Box::new(7_u8)) });
        assert_eq!(good.join().unwrap(), 42);
        let payload: Box<dyn std::any::Any + Send> = bad.join().unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&7_u8));
    });
}

#[test]
fn a_scope_waits_for_its_threads_and_lends_to_them() {
    holds(|| {
        let mut numbers = [1, 2, 3];
        let sum = AtomicU32::new(0);
        let returned = thread::scope(|scope| {
            for number in &mut numbers {
                scope.spawn(|| {
                    *number *= 2;
                    sum.fetch_add(*number, SeqCst);
                });
            }
            "scope"
        });
        assert_eq!(
            (returned, sum.load(SeqCst), numbers),
            ("scope", 12, [2, 4, 6])
        );
    });
}

#[test]
fn a_panic_in_a_scope_comes_out_of_it_unless_it_was_joined() {
    holds(|| {
        let caught = std::panic::catch_unwind(|| {
            thread::scope(|scope| {
                scope.spawn(|| std::panic::resume_unwind(Box::new("on purpose")));
            });
        });
        assert!(caught.is_err());
        thread::scope(|scope| {
            let fail = || -> () { std::panic::resume_unwind(Box::new("on purpose")) };
            let thread = scope.spawn(fail);
            assert!(thread.join().is_err());
        });
    });
}

#[test]
fn threads_have_names_and_ids() {
    holds(|| {
        assert_eq!(thread::current().name(), Some("main"));
        let builder = thread::Builder::new().name("worker".into());
        let worker = builder.spawn(|| thread::current().id()).unwrap();
        assert_eq!(worker.thread().name(), Some("worker"));
        let id = worker.thread().id();
        assert_ne!(id, thread::current().id());
        assert_eq!(worker.join().unwrap(), id);
    });
}

#[test]
fn an_unpark_that_comes_early_is_not_lost() {
    holds(|| {
        let waiter = thread::spawn(|| {
            thread::park();
            thread::current().id()
        });
        waiter.thread().unpark();
        waiter.join().unwrap();
    });
}

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
    static NAMES: RefCell<Vec<&'static str>> = RefCell::default();
}

#[test]
fn a_local_value_belongs_to_its_thread_and_its_execution() {
    struct Last(Arc<AtomicU32>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    thread_local! {
        static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
    }
    holds(|| {
        let dropped = Arc::new(AtomicU32::new(0));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let dropped = Arc::clone(&dropped);
                thread::spawn(move || {
                    LAST.set(Some(Last(dropped)));
                    COUNT.set(COUNT.get() + 1);
                    NAMES.with_borrow_mut(|names| names.push("one"));
                    (COUNT.get(), NAMES.with_borrow(Vec::len))
                })
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), (1, 1));
        }
        // `join` waits for the destructors, too.
        assert_eq!(dropped.load(SeqCst), 2);
        assert_eq!(COUNT.get(), 0);
    });
}

#[test]
fn a_thread_that_nobody_joins_has_to_end_all_the_same() {
    let failure = fault(|| {
        thread::spawn(thread::park);
    });
    assert!(matches!(failure.how, How::Deadlock), "{}", story(&failure));
    assert_eq!(failure.threads.len(), 1);
    assert_eq!(failure.threads[0].waits_for.as_deref(), Some("an unpark"));
}

#[test]
fn a_destructor_that_joins_while_a_panic_unwinds_poisons_nothing() {
    struct Joins(Option<thread::JoinHandle<()>>, Arc<Mutex<u32>>);
    impl Drop for Joins {
        fn drop(&mut self) {
            let joined = self.0.take().map(thread::JoinHandle::join);
            assert!(joined.is_some_and(|joined| joined.is_ok()));
            assert!(!self.1.is_poisoned());
        }
    }
    holds(|| {
        let lock = Arc::new(Mutex::new(0));
        let own = Arc::clone(&lock);
        let other = thread::spawn(move || {
            for _ in 0..3 {
                *own.lock().unwrap() += 1;
            }
        });
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _joins = Joins(Some(other), Arc::clone(&lock));
            std::panic::resume_unwind(Box::new("on purpose"));
        }));
        assert!(caught.is_err());
        assert_eq!(*lock.lock().unwrap(), 3);
    });
}

#[test]
fn explorations_may_run_on_several_os_threads_at_once() {
    let run = || {
        let explored = explore(&Options::default(), || {
            let count = Arc::new(Mutex::new(0));
            let own = Arc::clone(&count);
            let other = thread::spawn(move || *own.lock().unwrap() += 1);
            *count.lock().unwrap() += 1;
            other.join().unwrap();
            assert_eq!(*count.lock().unwrap(), 2);
        });
        assert!(explored.failure.is_none());
        explored.distinct
    };
    let threads: Vec<_> = (0..3).map(|_| std::thread::spawn(run)).collect();
    let counts: Vec<usize> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
}

#[test]
#[should_panic(expected = "outside of `wt_sync::explore`")]
fn a_thread_outside_of_an_exploration_is_refused_in_words() {
    thread::spawn(|| ());
}
