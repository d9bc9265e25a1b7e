//! Fork and join.

mod deadline;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;

use deadline::{wait_until, within_patience};
use wt_core::pool::{Pool, RejectionPolicy, WorkerState};

fn fib(pool: &Pool, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = pool.join(|| fib(pool, n - 1), || fib(pool, n - 2));
    a + b
}

#[test]
fn a_deep_recursion_gives_what_plain_calls_give() {
    let n = if cfg!(miri) { 8 } else { 20 };
    let expected = (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0;
    for workers in [1, 2, 8] {
        for (capacity, policy) in [
            (1024, RejectionPolicy::Block),
            (1, RejectionPolicy::Block),
            (1, RejectionPolicy::CallerRuns),
            (2, RejectionPolicy::DiscardOldest),
        ] {
            within_patience(move || {
                let pool = Pool::builder().workers(workers).queue(capacity, policy);
                let pool = pool.build().unwrap();
                assert_eq!(fib(&pool, n), expected);
                let stats = pool.stats();
                assert_eq!((stats.queued, stats.running), (0, 0));
            });
        }
    }
}

#[test]
fn both_sides_run_at_the_same_time_if_a_worker_is_idle() {
    within_patience(|| {
        let pool = Pool::new(2).unwrap();
        // A `b` is given away when somebody is idle at that moment, so it may take several trees.
        let threads: Arc<[AtomicUsize; 2]> = Arc::default();
        deadline::wait_until(|| {
            fn both(pool: &Pool, depth: u32, threads: &[AtomicUsize; 2]) {
                if depth == 0 {
                    let name = thread::current().name().unwrap().to_owned();
                    threads[usize::from(name.ends_with('1'))].fetch_add(1, SeqCst);
                    return;
                }
                pool.join(
                    || both(pool, depth - 1, threads),
                    || both(pool, depth - 1, threads),
                );
            }
            both(&pool, 8, &threads);
            threads.iter().all(|count| count.load(SeqCst) > 0)
        });
    });
}

#[test]
fn results_and_borrows_come_back() {
    fn sort(pool: &Pool, numbers: &mut [u64]) {
        if numbers.len() < 2 {
            return;
        }
        let pivot = numbers.len() / 2;
        let (left, _, right) = numbers.select_nth_unstable(pivot);
        pool.join(|| sort(pool, left), || sort(pool, right));
    }
    within_patience(|| {
        let pool = Pool::new(3).unwrap();
        let mut numbers: Vec<u64> = (0..2000).map(|i| i * 7919 % 2003).collect();
        let mut expected = numbers.clone();
        expected.sort_unstable();
        sort(&pool, &mut numbers);
        assert_eq!(numbers, expected);
        let (a, b) = pool.join(|| "left".to_owned(), || vec![1, 2, 3]);
        assert_eq!((a.as_str(), b.len()), ("left", 3));
    });
}

#[test]
fn a_panic_is_raised_after_both_have_ended() {
    fn tree(pool: &Pool, depth: u32, bad: u32, running: &AtomicUsize) {
        if depth == 0 {
            running.fetch_add(1, SeqCst);
            running.fetch_sub(1, SeqCst);
            return;
        }
        let panics = || {
            if depth == bad {
                resume_unwind(Box::new(depth));
            }
        };
        pool.join(
            || tree(pool, depth - 1, bad, running),
            || {
                tree(pool, depth - 1, bad, running);
                panics();
            },
        );
    }
    within_patience(|| {
        for workers in [1, 2] {
            let pool = Pool::new(workers).unwrap();
            for bad in 1..6 {
                let running = AtomicUsize::new(0);
                let caught = catch_unwind(AssertUnwindSafe(|| tree(&pool, 6, bad, &running)));
                assert_eq!(*caught.unwrap_err().downcast::<u32>().unwrap(), bad);
                assert_eq!(running.into_inner(), 0);
            }
            let first = catch_unwind(AssertUnwindSafe(|| {
                pool.join(
                    || resume_unwind(Box::new("a")),
                    || resume_unwind(Box::new("b")),
                )
            }));
            let payload: Box<dyn std::any::Any + Send> = match first {
                Ok(((), ())) => panic!("the panic was lost"),
                Err(payload) => payload,
            };
            assert_eq!(*payload.downcast::<&str>().unwrap(), "a");
            assert_eq!(fib(&pool, 5), 5);
        }
    });
}

#[test]
fn joins_go_on_while_the_pool_is_shut_down() {
    within_patience(|| {
        for round in 0..if cfg!(miri) { 2 } else { 50 } {
            let pool = Pool::new(2).unwrap();
            let begun = Barrier::new(2);
            thread::scope(|s| {
                let (pool, begun) = (&pool, &begun);
                s.spawn(move || {
                    begun.wait();
                    if round % 2 == 0 {
                        pool.shutdown_now();
                    } else {
                        pool.shutdown();
                    }
                });
                let result = pool.join(
                    || {
                        begun.wait();
                        fib(pool, 10)
                    },
                    || fib(pool, 11),
                );
                assert_eq!(result, (55, 89));
            });
        }
    });
}

#[test]
fn a_join_in_a_job_of_another_pool_runs_in_its_own() {
    within_patience(|| {
        let (outer, inner) = (
            Pool::new(1).unwrap(),
            Pool::builder().name("inner").workers(1),
        );
        let inner = inner.build().unwrap();
        let job = outer.submit(move || {
            let name = || thread::current().name().unwrap().to_owned();
            inner.join(name, name)
        });
        let (a, b) = job.unwrap().join().unwrap();
        assert_eq!((a.as_str(), b.as_str()), ("inner-0", "inner-0"));
    });
}

#[test]
fn a_second_that_was_given_away_is_dropped_unrun_if_the_first_panics() {
    within_patience(|| {
        let pool = Arc::new(Pool::new(2).unwrap());
        let ran = Arc::new(AtomicUsize::new(0));
        let (inside, count) = (Arc::clone(&pool), Arc::clone(&ran));
        let calls = pool.broadcast(move |worker| {
            if worker != 0 {
                return;
            }
            // The other worker has asked for work, and leaves before there is some.
            wait_until(|| inside.worker_stats()[1].state == WorkerState::Asleep);
            inside.resize(1);
            wait_until(|| inside.stats().workers == 1);
            inside.join(
                || resume_unwind(Box::new("the first")),
                || count.fetch_add(1, SeqCst),
            );
        });
        let mut calls = calls.unwrap().into_iter();
        let panic = calls.next().unwrap().join().unwrap_err().into_panic();
        let panic = panic.unwrap().downcast::<&str>();
        assert_eq!(*panic.unwrap(), "the first");
        calls.next().unwrap().join().unwrap();
        assert_eq!(
            ran.load(SeqCst),
            0,
            "it ran although nobody wants its result"
        );
        let stats = pool.stats();
        assert_eq!((stats.submitted, stats.cancelled), (3, 1), "{stats:?}");
    });
}
