//! The pool's protocols under every order of steps that a scheduler finds.
//!
//! The sources of `pool` are compiled once more, here, against shuttle's locks:
//! `extern crate self as wt_sync` makes this crate the façade that they use. A
//! lost wake-up is a deadlock here, and shuttle says so at once: time stands
//! still, and nothing but a wake-up ends a wait.
//!
//! A short version runs with all other tests. The long one:
//! `WT_SCHEDULES=10000 cargo test --release -p wt-core --test pool_model`
#![cfg(not(miri))]

extern crate self as wt_sync;

#[path = "../src/pool/mod.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::large_enum_variant,
    clippy::result_large_err,
    rustdoc::broken_intra_doc_links,
    reason = "the models use a part of the module"
)]
mod pool;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use pool::{Idle, JobError, Pool, Priority, RejectionPolicy};
use shuttle::thread_local;
use sync::atomic::{AtomicUsize, Ordering::SeqCst};
use sync::{Arc, Condvar, Mutex};

mod sync {
    pub(crate) use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, atomic};
}

mod thread {
    pub(crate) use std::thread::available_parallelism;

    pub(crate) use shuttle::thread::{
        Builder, JoinHandle, Thread, current, park, park_timeout, spawn, yield_now,
    };
}

/// A clock that stands still, on which every pause is over: whoever would spin
/// looks a few times and goes to sleep.
mod time {
    pub(crate) use std::time::Duration;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub(crate) struct Instant;

    impl Instant {
        pub(crate) fn now() -> Self {
            Self
        }

        pub(crate) fn elapsed(self) -> Duration {
            Duration::MAX
        }

        pub(crate) fn checked_add(self, _: Duration) -> Option<Self> {
            None
        }

        pub(crate) fn saturating_duration_since(self, _: Self) -> Duration {
            Duration::MAX
        }
    }
}

/// Runs a model under random schedules, and as many again in which few threads
/// are favoured for long, which finds what needs a long delay in one place.
fn explore(model: impl Fn() + Send + Sync + Copy + 'static) {
    let schedules = std::env::var("WT_SCHEDULES").map_or(100, |count| count.parse().unwrap());
    shuttle::check_random(model, schedules);
    shuttle::check_pct(model, schedules, 3);
}

fn pool(workers: usize, capacity: usize, policy: RejectionPolicy) -> Pool {
    Pool::builder()
        .workers(workers)
        .queue(capacity, policy)
        .idle(Idle::Park)
        .build()
        .unwrap()
}

/// A flag that threads sleep for.
#[derive(Default)]
struct Flag(Mutex<bool>, Condvar);

impl Flag {
    fn raise(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    fn wait(&self) {
        let mut raised = self.0.lock().unwrap();
        while !*raised {
            raised = self.1.wait(raised).unwrap();
        }
    }
}

#[test]
fn no_wake_up_is_lost_between_submitters_and_workers() {
    explore(|| {
        let pool = Arc::new(pool(2, 4, RejectionPolicy::Block));
        let submitters: Vec<_> = (0..2)
            .map(|_| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || {
                    let jobs: Vec<_> = (0..2).map(|i| pool.submit(move || i).unwrap()).collect();
                    for (i, job) in jobs.into_iter().enumerate() {
                        assert_eq!(job.join().unwrap(), i);
                    }
                })
            })
            .collect();
        for submitter in submitters {
            submitter.join().unwrap();
        }
    });
}

#[test]
fn a_long_job_traps_none_behind_it() {
    explore(|| {
        let pool = pool(3, 8, RejectionPolicy::Block);
        let (first, second) = (Arc::new(Flag::default()), Arc::new(Flag::default()));
        // Each waits for the one behind it: three workers must have begun all three.
        let (opens, waits) = (Arc::clone(&first), Arc::clone(&first));
        pool.submit_detached(move || waits.wait()).unwrap();
        let (next, waits) = (Arc::clone(&second), Arc::clone(&second));
        pool.submit_detached(move || {
            waits.wait();
            opens.raise();
        })
        .unwrap();
        pool.submit_detached(move || next.raise()).unwrap();
        first.wait();
    });
}

#[test]
fn a_blocked_submitter_is_told_of_room() {
    explore(|| {
        let pool = pool(1, 1, RejectionPolicy::Block);
        let flag = Arc::new(Flag::default());
        for _ in 0..2 {
            // The worker cannot end this job before the submitter has got past the next one.
            let waits = Arc::clone(&flag);
            pool.submit_detached(move || waits.wait()).unwrap();
        }
        flag.raise();
        pool.submit(|| ()).unwrap().join().unwrap();
    });
}

#[test]
fn two_blocked_submitters_are_both_told() {
    explore(|| {
        let pool = Arc::new(pool(1, 1, RejectionPolicy::Block));
        let submitters: Vec<_> = (0..3)
            .map(|_| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || pool.submit_detached(|| ()).unwrap())
            })
            .collect();
        for submitter in submitters {
            submitter.join().unwrap();
        }
    });
}

#[test]
fn a_job_is_run_or_cancelled_and_not_both() {
    explore(|| {
        let pool = pool(1, 4, RejectionPolicy::Block);
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let job = pool.submit(move || count.fetch_add(1, SeqCst)).unwrap();
        let cancelled = job.cancel();
        match job.join() {
            Ok(_) => assert!(!cancelled),
            Err(error) => assert!(cancelled && matches!(error, JobError::Cancelled)),
        }
        assert_eq!(runs.load(SeqCst), usize::from(!cancelled));
        let stats = pool.stats();
        assert_eq!((stats.queued, stats.running), (0, 0));
        assert_eq!(stats.cancelled, u64::from(cancelled));
    });
}

#[test]
fn a_worker_that_waits_is_woken_by_a_job_or_by_the_end() {
    explore(|| {
        let pool = Arc::new(pool(2, 4, RejectionPolicy::Block));
        let inside = Arc::clone(&pool);
        let outer = pool
            .submit(move || {
                let (flag, raises) = (Arc::new(Flag::default()), Arc::new(Flag::default()));
                let (waits, begun) = (Arc::clone(&flag), Arc::clone(&raises));
                let inner = inside.submit(move || {
                    begun.raise();
                    waits.wait();
                    2
                });
                raises.wait();
                // The other worker waits in `inner`, so it is this one that has to help.
                let last = inside.submit(move || flag.raise()).unwrap();
                let value = inner.unwrap().join().unwrap();
                last.join().unwrap();
                value
            })
            .unwrap();
        assert_eq!(outer.join().unwrap(), 2);
    });
}

#[test]
fn joins_nest_in_one_worker() {
    explore(|| {
        let pool = Arc::new(pool(1, 1, RejectionPolicy::Block));
        let inside = Arc::clone(&pool);
        let job = pool.submit(move || {
            let left = inside.submit(|| 1).unwrap();
            let right = inside.submit(|| 2).unwrap();
            left.join().unwrap() + right.join().unwrap()
        });
        assert_eq!(job.unwrap().join().unwrap(), 3);
    });
}

#[test]
fn a_scope_ends_after_its_jobs_whatever_panics() {
    explore(|| {
        let pool = pool(2, 1, RejectionPolicy::Block);
        let ended = AtomicUsize::new(0);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            pool.scope(|s| {
                s.spawn(|| {
                    s.spawn(|| ended.fetch_add(1, SeqCst));
                    resume_unwind(Box::new(7));
                });
                s.spawn(|| ended.fetch_add(1, SeqCst)).join().unwrap();
            });
        }));
        assert_eq!(ended.into_inner(), 2);
        assert_eq!(*caught.unwrap_err().downcast::<i32>().unwrap(), 7);
    });
}

#[test]
fn a_future_is_woken() {
    explore(|| {
        let pool = pool(1, 2, RejectionPolicy::Block);
        let job = pool.submit(|| 5).unwrap();
        assert_eq!(shuttle::future::block_on(job).unwrap(), 5);
    });
}

#[test]
fn shutdown_meets_submitters_and_answers_them_all() {
    explore(|| {
        let pool = Arc::new(pool(2, 1, RejectionPolicy::Block));
        let ran = Arc::new(AtomicUsize::new(0));
        let submitters: Vec<_> = (0..2)
            .map(|_| {
                let (pool, ran) = (Arc::clone(&pool), Arc::clone(&ran));
                thread::spawn(move || {
                    let accepted = |_: &usize| {
                        let ran = Arc::clone(&ran);
                        let job = pool.submit_detached(move || {
                            ran.fetch_add(1, SeqCst);
                        });
                        job.is_ok()
                    };
                    (0..2).filter(accepted).count()
                })
            })
            .collect();
        pool.shutdown();
        let accepted: usize = submitters.into_iter().map(|s| s.join().unwrap()).sum();
        assert_eq!(ran.load(SeqCst), accepted);
        assert_eq!(pool.stats().workers, 0);
    });
}

#[test]
fn shutdown_now_answers_every_handle() {
    explore(|| {
        let pool = Arc::new(pool(1, 4, RejectionPolicy::Block));
        let jobs: Vec<_> = (0..3).map(|_| pool.submit(|| ()).unwrap()).collect();
        let stopper = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.shutdown_now())
        };
        let discarded = jobs.into_iter().filter_map(|job| job.join().err()).count();
        assert_eq!(stopper.join().unwrap(), discarded);
    });
}

#[test]
fn the_last_owner_may_be_a_job() {
    explore(|| {
        let pool = Arc::new(pool(2, 2, RejectionPolicy::Block));
        let inside = Arc::clone(&pool);
        let job = pool.submit(move || drop(inside)).unwrap();
        let other = pool.submit(|| 1).unwrap();
        drop(pool);
        job.join().unwrap();
        assert_eq!(other.join().unwrap(), 1);
    });
}

#[test]
fn every_snapshot_balances() {
    explore(|| {
        let pool = Arc::new(pool(2, 2, RejectionPolicy::DiscardOldest));
        let submitter = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                for _ in 0..3 {
                    pool.submit(|| ()).unwrap().cancel();
                }
            })
        };
        for _ in 0..3 {
            let stats = pool.stats();
            let accounted = stats.finished() + stats.queued + stats.running;
            assert_eq!(stats.submitted, accounted);
            assert!(stats.queued <= 2);
        }
        submitter.join().unwrap();
    });
}

#[test]
fn workers_that_are_started_on_demand_come_for_every_job() {
    explore(|| {
        let pool = Pool::builder()
            .workers(3)
            .min_workers(1)
            .idle(Idle::Park)
            .build();
        let pool = pool.unwrap();
        let (first, second) = (Arc::new(Flag::default()), Arc::new(Flag::default()));
        // Each waits for the one behind it, so all three workers are needed.
        let (opens, waits) = (Arc::clone(&first), Arc::clone(&second));
        let last = pool.submit(move || {
            waits.wait();
            opens.raise();
        });
        let (opens, third) = (Arc::clone(&second), Arc::new(Flag::default()));
        let waits = Arc::clone(&third);
        pool.submit_detached(move || {
            waits.wait();
            opens.raise();
        })
        .unwrap();
        pool.submit_detached(move || third.raise()).unwrap();
        last.unwrap().join().unwrap();
    });
}

#[test]
fn resize_meets_submitters_and_loses_no_job() {
    explore(|| {
        let pool = Arc::new(pool(2, 2, RejectionPolicy::Block));
        let resizer = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                pool.resize(1);
                pool.resize(2);
            })
        };
        let jobs: Vec<_> = (0..3)
            .map(|key| pool.job().key(&key).submit(move || key).unwrap())
            .collect();
        for (key, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.join().unwrap(), key);
        }
        resizer.join().unwrap();
    });
}

#[test]
fn a_worker_that_dies_is_replaced_before_anybody_waits_for_it() {
    explore(|| {
        let deaths = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&deaths);
        let pool = Pool::builder()
            .workers(2)
            .idle(Idle::Park)
            .on_start(move |_| {
                if count.fetch_add(1, SeqCst) < 2 {
                    resume_unwind(Box::new("the first two die"));
                }
            })
            .build()
            .unwrap();
        let job = pool.submit(|| 4).unwrap();
        assert_eq!(job.join().unwrap(), 4);
    });
}

#[test]
fn a_pool_without_workers_answers_every_handle() {
    explore(|| {
        let pool = Pool::builder()
            .workers(1)
            .idle(Idle::Park)
            .on_start(|_| resume_unwind(Box::new("all die")))
            .build()
            .unwrap();
        if let Ok(job) = pool.submit(|| ()) {
            assert!(matches!(job.join(), Err(JobError::Discarded)));
        }
        let ran = AtomicUsize::new(0);
        pool.scope(|s| drop(s.spawn(|| ran.fetch_add(1, SeqCst))));
        assert_eq!(ran.into_inner(), 1);
    });
}

#[test]
fn the_in_flight_cap_lets_the_next_one_in_when_a_job_ends() {
    explore(|| {
        let pool = Pool::builder()
            .workers(2)
            .max_in_flight(1)
            .idle(Idle::Park)
            .build();
        let pool = Arc::new(pool.unwrap());
        let running = Arc::new(AtomicUsize::new(0));
        let submitters: Vec<_> = (0..2)
            .map(|_| {
                let (pool, running) = (Arc::clone(&pool), Arc::clone(&running));
                thread::spawn(move || {
                    for _ in 0..2 {
                        let running = Arc::clone(&running);
                        let job = pool.submit_detached(move || {
                            assert_eq!(running.fetch_add(1, SeqCst), 0);
                            running.fetch_sub(1, SeqCst);
                        });
                        job.unwrap();
                    }
                })
            })
            .collect();
        for submitter in submitters {
            submitter.join().unwrap();
        }
        pool.shutdown();
        assert_eq!(pool.stats().done, 4);
    });
}

#[test]
fn urgent_bound_and_idle_jobs_are_all_found() {
    explore(|| {
        let pool = pool(2, 8, RejectionPolicy::Block);
        let priorities = [Priority::Low, Priority::High, Priority::Normal];
        let jobs: Vec<_> = priorities
            .into_iter()
            .map(|priority| pool.job().priority(priority).submit(|| 1).unwrap())
            .collect();
        let everywhere = pool.broadcast(|_| 1).unwrap();
        let sum: i32 = jobs
            .into_iter()
            .chain(everywhere)
            .map(|job| job.join().unwrap())
            .sum();
        assert_eq!(sum, 5);
    });
}

#[test]
fn a_fork_is_run_once_by_its_owner_or_by_somebody_else() {
    explore(|| {
        let pool = pool(2, 2, RejectionPolicy::Block);
        let runs = AtomicUsize::new(0);
        let leaf = || runs.fetch_add(1, SeqCst);
        pool.join(|| pool.join(leaf, leaf), || pool.join(leaf, leaf));
        assert_eq!(runs.load(SeqCst), 4);
        let stats = pool.stats();
        assert_eq!((stats.queued, stats.running), (0, 0));
    });
}

#[test]
fn chunks_are_all_done_when_the_call_returns() {
    explore(|| {
        let pool = pool(2, 2, RejectionPolicy::Block);
        let mut data = [0; 4];
        pool.for_each_chunk(&mut data, 1, |begin, chunk| chunk[0] = begin + 1);
        assert_eq!(data, [1, 2, 3, 4]);
    });
}

#[test]
fn a_job_that_is_begun_out_of_a_share_makes_room() {
    explore(|| {
        let pool = pool(1, 2, RejectionPolicy::Block);
        let flag = Arc::new(Flag::default());
        let waits = Arc::clone(&flag);
        pool.submit_detached(|| ()).unwrap();
        // Perhaps in one share with the first. It does not end before the last one is accepted.
        pool.submit_detached(move || waits.wait()).unwrap();
        pool.submit_detached(|| ()).unwrap();
        pool.submit_detached(|| ()).unwrap();
        flag.raise();
        pool.shutdown();
        assert_eq!(pool.stats().done, 4);
    });
}

#[test]
fn a_pool_that_is_made_smaller_twice_keeps_a_worker() {
    explore(|| {
        let pool = Arc::new(pool(3, 4, RejectionPolicy::Block));
        let resizers: Vec<_> = [1, 2]
            .into_iter()
            .map(|workers| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || pool.resize(workers))
            })
            .collect();
        assert_eq!(pool.submit(|| 1).unwrap().join().unwrap(), 1);
        for resizer in resizers {
            resizer.join().unwrap();
        }
        assert_eq!(pool.submit(|| 2).unwrap().join().unwrap(), 2);
    });
}

#[test]
fn a_wait_for_idleness_ends_after_the_last_job_however_it_ends() {
    explore(|| {
        let pool = Arc::new(pool(2, 4, RejectionPolicy::Block));
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..2 {
            let ran = Arc::clone(&ran);
            pool.submit_detached(move || {
                ran.fetch_add(1, SeqCst);
            })
            .unwrap();
        }
        let last = pool.submit(|| ()).unwrap();
        let canceller = thread::spawn(move || last.cancel());
        pool.wait_idle();
        assert_eq!(ran.load(SeqCst), 2);
        let stats = pool.stats();
        assert_eq!((stats.queued, stats.running), (0, 0));
        canceller.join().unwrap();
    });
}

#[test]
fn tasks_and_threads_are_told_of_room() {
    explore(|| {
        let pool = Arc::new(pool(1, 1, RejectionPolicy::Block));
        let task = |jobs: usize| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || {
                for _ in 0..jobs {
                    let handle = shuttle::future::block_on(pool.job().submit_async(|| ()));
                    drop(handle.unwrap());
                }
            })
        };
        let tasks = [task(2), task(1)];
        pool.submit_detached(|| ()).unwrap();
        pool.submit_detached(|| ()).unwrap();
        for task in tasks {
            task.join().unwrap();
        }
        pool.shutdown();
        assert_eq!(pool.stats().done, 5);
    });
}

#[test]
fn a_task_that_waits_for_room_hears_of_the_shutdown() {
    explore(|| {
        let pool = Arc::new(pool(1, 1, RejectionPolicy::Block));
        let waiting = Arc::clone(&pool);
        let task = thread::spawn(move || {
            let jobs = (0..2).map(|_| waiting.job().submit_async(|| ()));
            jobs.map(shuttle::future::block_on)
                .filter(Result::is_ok)
                .count()
        });
        let dropped = pool.shutdown_now();
        let accepted = task.join().unwrap();
        let stats = pool.stats();
        assert_eq!(stats.submitted, accepted as u64);
        assert_eq!(stats.done + dropped as u64, stats.submitted);
    });
}
