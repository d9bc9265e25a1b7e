//! Jobs that borrow.

mod deadline;

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use deadline::{Gate, wait_until, within_patience};
use wt_core::pool::{Pool, RejectionPolicy};

const LEN: usize = if cfg!(miri) { 40 } else { 4000 };

#[test]
fn jobs_write_to_what_the_caller_owns() {
    for workers in [1, 2, 8] {
        within_patience(move || {
            let pool = Pool::new(workers).unwrap();
            let mut numbers = vec![0; LEN];
            let visits = AtomicUsize::new(0);
            let returned = pool.scope(|s| {
                for (i, band) in numbers.chunks_mut(7).enumerate() {
                    let visits = &visits;
                    s.spawn(move || {
                        for (j, number) in band.iter_mut().enumerate() {
                            *number = i * 7 + j;
                        }
                        visits.fetch_add(1, Ordering::Relaxed);
                    });
                }
                "returned"
            });
            assert_eq!(returned, "returned");
            assert!(numbers.iter().copied().eq(0..LEN));
            assert_eq!(visits.into_inner(), LEN.div_ceil(7));
        });
    }
}

#[test]
fn a_handle_brings_a_borrowed_result_back() {
    within_patience(|| {
        let pool = Pool::new(2).unwrap();
        let words = ["b".to_owned(), "a".to_owned(), "c".to_owned()];
        let (least, longest) = pool.scope(|s| {
            let least = s.spawn(|| words.iter().min().unwrap());
            let longest = s.spawn(|| words.iter().map(String::len).max());
            (least.join().unwrap(), longest.join().unwrap())
        });
        assert!(std::ptr::eq(least, &words[1]));
        assert_eq!(longest, Some(1));
    });
}

#[test]
fn a_scope_returns_after_jobs_that_jobs_spawned() {
    within_patience(|| {
        let pool = Pool::new(2).unwrap();
        let count = AtomicUsize::new(0);
        let count = &count;
        pool.scope(|s| {
            s.spawn(move || {
                for _ in 0..10 {
                    s.spawn(move || {
                        s.spawn(move || {
                            count.fetch_add(1, Ordering::Relaxed);
                        });
                    });
                }
            });
        });
        assert_eq!(count.load(Ordering::Relaxed), 10);
    });
}

#[test]
fn scopes_nest_in_one_worker() {
    fn sum(pool: &Pool, numbers: &[u64]) -> u64 {
        if numbers.len() <= 10 {
            return numbers.iter().sum();
        }
        let (left, right) = numbers.split_at(numbers.len() / 2);
        pool.scope(|s| {
            let left = s.spawn(|| sum(pool, left));
            sum(pool, right) + left.join().unwrap()
        })
    }
    for workers in [1, 2, 8] {
        for capacity in [1, 1024] {
            within_patience(move || {
                let pool = Pool::builder()
                    .workers(workers)
                    .queue(capacity, RejectionPolicy::Block)
                    .build()
                    .unwrap();
                let numbers: Vec<u64> = (0..LEN as u64).collect();
                let total = pool.scope(|s| s.spawn(|| sum(&pool, &numbers)).join().unwrap());
                assert_eq!(total, numbers.iter().sum());
            });
        }
    }
}

#[test]
fn the_closures_panic_waits_for_the_jobs() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::occupy(&pool);
        let ended = AtomicBool::new(false);
        thread::scope(|threads| {
            let scope = threads.spawn(|| {
                let caught = panic::catch_unwind(AssertUnwindSafe(|| {
                    pool.scope(|s| {
                        s.spawn(|| ended.store(true, Ordering::SeqCst));
                        panic::resume_unwind(Box::new("from the closure"));
                    })
                }));
                assert!(ended.load(Ordering::SeqCst), "a job outlived its scope");
                let payload: Box<dyn std::any::Any + Send> = match caught {
                    Ok(()) => panic!("the panic was lost"),
                    Err(payload) => payload,
                };
                assert_eq!(*payload.downcast::<&str>().unwrap(), "from the closure");
            });
            wait_until(|| pool.stats().queued == 1);
            gate.open();
            scope.join().unwrap();
        });
    });
}

#[test]
fn the_first_panic_of_a_job_is_raised_after_all_jobs() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let ended = AtomicUsize::new(0);
        let caught = panic::catch_unwind(AssertUnwindSafe(|| {
            pool.scope(|s| {
                for i in 0..10_usize {
                    let ended = &ended;
                    s.spawn(move || {
                        ended.fetch_add(1, Ordering::SeqCst);
                        if i % 3 == 2 {
                            panic::resume_unwind(Box::new(i));
                        }
                    });
                }
            });
        }));
        assert_eq!(ended.into_inner(), 10);
        assert_eq!(*caught.unwrap_err().downcast::<usize>().unwrap(), 2);
        assert_eq!((pool.stats().done, pool.stats().failed), (7, 3));
    });
}

#[test]
fn a_panic_that_a_handle_took_is_not_raised_again() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let message = pool.scope(|s| {
            let job = s.spawn(|| -> () { panic!("taken") });
            let error: wt_core::pool::JobError = job.join().unwrap_err();
            error.to_string()
        });
        assert_eq!(message, "the job panicked: taken");
    });
}

#[test]
fn a_borrowed_result_is_dropped_before_the_scope_returns() {
    struct Counted<'a>(&'a AtomicUsize);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    within_patience(|| {
        for workers in [1, 2, 8] {
            let pool = Pool::new(workers).unwrap();
            let drops = AtomicUsize::new(0);
            pool.scope(|s| {
                for _ in 0..LEN / 10 {
                    let captured = Counted(&drops);
                    s.spawn(|| {
                        let _captured = captured;
                        Counted(&drops)
                    });
                }
            });
            assert_eq!(drops.into_inner(), 2 * (LEN / 10));
        }
    });
}

#[test]
fn a_scope_loses_no_job_to_the_policy() {
    for policy in [
        RejectionPolicy::Block,
        RejectionPolicy::Reject,
        RejectionPolicy::CallerRuns,
        RejectionPolicy::DiscardOldest,
    ] {
        within_patience(move || {
            let pool = Pool::builder().workers(2).queue(2, policy).build().unwrap();
            let count = AtomicUsize::new(0);
            thread::scope(|threads| {
                // Another submitter presses on the same queue meanwhile.
                threads.spawn(|| {
                    for _ in 0..LEN / 10 {
                        let _ = pool.submit(|| ());
                    }
                });
                pool.scope(|s| {
                    for _ in 0..LEN / 10 {
                        s.spawn(|| {
                            count.fetch_add(1, Ordering::Relaxed);
                        });
                    }
                });
            });
            assert_eq!(count.into_inner(), LEN / 10);
        });
    }
}

#[test]
fn discard_oldest_spares_the_jobs_of_a_scope() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .queue(1, RejectionPolicy::DiscardOldest)
            .build()
            .unwrap();
        let gate = Gate::occupy(&pool);
        let ran = AtomicBool::new(false);
        pool.scope(|s| {
            s.spawn(|| ran.store(true, Ordering::Relaxed));
            assert!(pool.submit(|| ()).unwrap_err().is_full());
            gate.open();
        });
        assert!(ran.into_inner());
        assert_eq!(pool.stats().discarded, 0);
    });
}

#[test]
fn a_scope_survives_the_end_of_its_pool() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::occupy(&pool);
        let count = AtomicUsize::new(0);
        let outside = pool.submit(|| ()).unwrap();
        thread::scope(|threads| {
            pool.scope(|s| {
                s.spawn(|| {
                    count.fetch_add(1, Ordering::Relaxed);
                });
                let stopper = threads.spawn(|| pool.shutdown_now());
                assert!(outside.join().is_err());
                // Shut down, so this one runs here.
                let here = thread::current().id();
                assert!(
                    s.spawn(move || thread::current().id() == here)
                        .is_finished()
                );
                gate.open();
                assert_eq!(stopper.join().unwrap(), 1);
            });
        });
        assert_eq!(count.into_inner(), 1);
        pool.scope(|s| drop(s.spawn(|| ())));
    });
}

#[test]
fn scope_jobs_run_at_the_same_time() {
    within_patience(|| {
        let pool = Pool::new(2).unwrap();
        let barrier = Barrier::new(3);
        pool.scope(|s| {
            s.spawn(|| barrier.wait());
            s.spawn(|| barrier.wait());
            barrier.wait();
        });
    });
}

#[test]
fn scopes_in_jobs_of_two_pools_do_not_deadlock() {
    within_patience(|| {
        let a = Arc::new(Pool::new(1).unwrap());
        let b = Arc::new(Pool::new(1).unwrap());
        let (a_in, b_in) = (Arc::clone(&a), Arc::clone(&b));
        let job = a.submit(move || {
            let mut value = 0;
            b_in.scope(|s| {
                s.spawn(|| a_in.scope(|s| drop(s.spawn(|| value = 9))));
            });
            value
        });
        assert_eq!(job.unwrap().join().unwrap(), 9);
    });
}
