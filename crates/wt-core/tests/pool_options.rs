//! Jobs on terms of their own: priority, deadline, token, key, strategy.

mod deadline;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use deadline::{Gate, wait_until, within_patience};
use wt_core::pool::{CancelToken, JobError, Pool, Priority, RejectionPolicy, Strategy};

const JOBS: usize = if cfg!(miri) { 20 } else { 500 };

/// Notes in which order jobs began.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(Priority, usize)>>>);

impl Log {
    fn note(&self, priority: Priority, number: usize) -> impl FnOnce() + Send + 'static {
        let log = Arc::clone(&self.0);
        move || log.lock().unwrap().push((priority, number))
    }

    fn take(&self) -> Vec<(Priority, usize)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn priorities_are_stable_inside_a_level() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .queue(JOBS, RejectionPolicy::Block)
            .build()
            .unwrap();
        let gate = Gate::occupy(&pool);
        let log = Log::default();
        let levels = [Priority::Low, Priority::Normal, Priority::High];
        for number in 0..JOBS {
            let priority = levels[number % 3];
            let job = log.note(priority, number);
            pool.job().priority(priority).submit_detached(job).unwrap();
        }
        gate.open();
        pool.shutdown();
        let mut expected = Vec::new();
        for level in levels.into_iter().rev() {
            let numbers = (0..JOBS).filter(|number| levels[number % 3] == level);
            expected.extend(numbers.map(|number| (level, number)));
        }
        assert_eq!(log.take(), expected);
    });
}

#[test]
fn an_urgent_job_goes_before_what_a_worker_has_taken() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::occupy(&pool);
        let log = Log::default();
        let (begun, begins) = mpsc::channel();
        let (go, goes) = mpsc::channel::<()>();
        // The worker takes this job and the next ten in one share.
        pool.submit_detached(move || {
            begun.send(()).unwrap();
            goes.recv().unwrap();
        })
        .unwrap();
        for number in 0..10 {
            pool.submit_detached(log.note(Priority::Normal, number))
                .unwrap();
        }
        gate.open();
        begins.recv().unwrap();
        wait_until(|| pool.worker_stats()[0].buffered == 10);
        let urgent = log.note(Priority::High, 99);
        pool.job()
            .priority(Priority::High)
            .submit_detached(urgent)
            .unwrap();
        go.send(()).unwrap();
        pool.shutdown();
        assert_eq!(log.take()[0], (Priority::High, 99));
    });
}

#[test]
fn a_job_past_its_deadline_never_begins() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let gate = Gate::occupy(&pool);
        let ran = Arc::new(AtomicBool::new(false));
        let captured = Arc::clone(&ran);
        let late = pool
            .job()
            .deadline(Instant::now())
            .submit(move || captured.store(true, Ordering::SeqCst))
            .unwrap();
        let in_time = pool
            .job()
            .timeout(Duration::from_secs(3600))
            .submit(|| 5)
            .unwrap();
        let never = pool.job().timeout(Duration::MAX).submit(|| 6).unwrap();
        gate.open();
        assert_eq!((in_time.join().unwrap(), never.join().unwrap()), (5, 6));
        let error = late.join().unwrap_err();
        assert!(matches!(error, JobError::Expired), "{error}");
        assert!(!ran.load(Ordering::SeqCst));
        assert_eq!(Arc::strong_count(&ran), 1, "the closure is still alive");
        assert_eq!((pool.stats().discarded, pool.stats().done), (1, 3));
    });
}

#[test]
fn a_handle_tells_of_the_deadline_while_all_workers_are_busy() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(1)
            .queue(1, RejectionPolicy::Reject)
            .build()
            .unwrap();
        let gate = Gate::occupy(&pool);
        let late = pool
            .job()
            .timeout(Duration::from_millis(1))
            .submit(|| ())
            .unwrap();
        assert!(matches!(late.join(), Err(JobError::Expired)));
        // Its place is free at once.
        let next = pool.try_submit(|| 2).unwrap();
        gate.open();
        assert_eq!(next.join().unwrap(), 2);
        assert_eq!(pool.stats().discarded, 1);
    });
}

#[test]
fn a_deadline_holds_under_caller_runs_and_on_the_own_worker() {
    within_patience(|| {
        let pool = Arc::new(
            Pool::builder()
                .workers(1)
                .queue(1, RejectionPolicy::CallerRuns)
                .build()
                .unwrap(),
        );
        let inside = Arc::clone(&pool);
        let job = pool.submit(move || {
            let submit = || {
                let late = inside.job().deadline(Instant::now());
                late.submit(|| ()).unwrap()
            };
            let (queued, refused) = (submit(), submit());
            assert!(refused.is_finished());
            [queued.join(), refused.join()]
        });
        for result in job.unwrap().join().unwrap() {
            assert!(matches!(result, Err(JobError::Expired)));
        }
        assert_eq!((pool.stats().discarded, pool.stats().done), (2, 1));
    });
}

#[test]
fn a_cancelled_token_keeps_jobs_from_beginning_and_tells_those_that_run() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let token = CancelToken::new();
        let (begun, begins) = mpsc::channel();
        let seen = token.clone();
        let running = pool.job().token(&token).submit(move || {
            begun.send(()).unwrap();
            wait_until(|| seen.is_cancelled());
            "stopped by itself"
        });
        let running = running.unwrap();
        begins.recv().unwrap();
        let queued: Vec<_> = (0..3)
            .map(|_| pool.job().token(&token).submit(|| ()).unwrap())
            .collect();
        let other = pool.submit(|| 4).unwrap();
        token.cancel();
        assert_eq!(running.join().unwrap(), "stopped by itself");
        for job in queued {
            assert!(matches!(job.join(), Err(JobError::Cancelled)));
        }
        assert_eq!(other.join().unwrap(), 4);
        assert_eq!((pool.stats().cancelled, pool.stats().done), (3, 2));
    });
}

#[test]
fn equal_keys_run_in_order_on_one_worker() {
    for workers in [1, 2, 8] {
        within_patience(move || {
            let pool = Pool::new(workers).unwrap();
            type List = Mutex<Vec<(usize, thread::ThreadId)>>;
            let order: Arc<[List; 7]> = Arc::default();
            for number in 0..JOBS {
                let order = Arc::clone(&order);
                let key = number % 7;
                pool.job()
                    .key(&key)
                    .submit_detached(move || {
                        let mut list = order[key].try_lock().expect("two jobs of one key at once");
                        list.push((number, thread::current().id()));
                    })
                    .unwrap();
            }
            pool.shutdown();
            for (key, list) in order.iter().enumerate() {
                let list = list.lock().unwrap();
                let numbers = list.iter().map(|(number, _)| *number);
                assert!(numbers.eq((key..JOBS).step_by(7)));
                assert!(list.iter().all(|(_, thread)| *thread == list[0].1));
            }
        });
    }
}

/// Which worker ran each of `jobs` jobs that were submitted one by one.
fn spread(strategy: Strategy, jobs: usize) -> Vec<String> {
    let pool = Pool::builder()
        .name("spread")
        .workers(3)
        .strategy(strategy)
        .build()
        .unwrap();
    let name = || thread::current().name().unwrap().to_owned();
    (0..jobs)
        .map(|_| pool.submit(name).unwrap().join().unwrap())
        .collect()
}

#[test]
fn round_robin_takes_the_workers_in_turn() {
    within_patience(|| {
        let names = spread(Strategy::RoundRobin, 9);
        assert_eq!(names[..3], names[3..6]);
        assert_eq!(names[..3], names[6..]);
        let mut three = names[..3].to_vec();
        three.sort();
        assert_eq!(three, ["spread-0", "spread-1", "spread-2"]);
    });
}

#[test]
fn least_loaded_avoids_the_busy_worker() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(2)
            .strategy(Strategy::LeastLoaded)
            .build()
            .unwrap();
        let gate = Gate::occupy(&pool);
        let busy = pool
            .worker_stats()
            .into_iter()
            .find(|worker| worker.begun == 1)
            .unwrap();
        for _ in 0..20 {
            pool.submit(|| ()).unwrap().join().unwrap();
        }
        let after = pool.worker_stats();
        assert_eq!(after[busy.index].begun, 1);
        assert_eq!(after[1 - busy.index].done, 20);
        gate.open();
    });
}

#[test]
fn stealing_keeps_a_workers_jobs_with_it_until_somebody_is_idle() {
    within_patience(|| {
        let pool = Arc::new(
            Pool::builder()
                .workers(2)
                .strategy(Strategy::Stealing)
                .build()
                .unwrap(),
        );
        let (open, opens) = mpsc::channel::<()>();
        pool.submit_detached(move || assert!(opens.recv().is_err()))
            .unwrap();
        wait_until(|| pool.stats().running == 1);
        let (inside, stolen) = (Arc::clone(&pool), Arc::new(AtomicUsize::new(0)));
        let thieves = Arc::clone(&stolen);
        let job = pool.submit(move || {
            let here = thread::current().id();
            for _ in 0..10 {
                let thieves = Arc::clone(&thieves);
                let job = move || {
                    let elsewhere = thread::current().id() != here;
                    thieves.fetch_add(usize::from(elsewhere), Ordering::SeqCst);
                };
                inside.submit_detached(job).unwrap();
            }
            let own = inside.worker_stats().into_iter();
            let buffered: usize = own.map(|worker| worker.buffered).sum();
            drop(open);
            // This worker does not come back to them, so the other one has to.
            wait_until(|| thieves.load(Ordering::SeqCst) == 10);
            buffered
        });
        assert_eq!(job.unwrap().join().unwrap(), 10);
    });
}

#[test]
fn every_strategy_runs_every_job_once() {
    for strategy in [
        Strategy::Shared,
        Strategy::RoundRobin,
        Strategy::LeastLoaded,
        Strategy::Stealing,
    ] {
        within_patience(move || {
            let pool = Pool::builder()
                .workers(3)
                .queue(16, RejectionPolicy::Block)
                .strategy(strategy)
                .build()
                .unwrap();
            let handles: Vec<_> = (0..JOBS).map(|i| pool.submit(move || i).unwrap()).collect();
            for (i, handle) in handles.into_iter().enumerate() {
                assert_eq!(handle.join().unwrap(), i);
            }
            assert_eq!(pool.stats().done, JOBS as u64);
        });
    }
}

#[test]
fn nested_joins_end_under_every_strategy() {
    fn fib(pool: &Arc<Pool>, n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let inside = Arc::clone(pool);
        let left = pool.submit(move || fib(&inside, n - 1)).unwrap();
        fib(pool, n - 2) + left.join().unwrap()
    }
    let n = if cfg!(miri) { 4 } else { 11 };
    for strategy in [
        Strategy::RoundRobin,
        Strategy::LeastLoaded,
        Strategy::Stealing,
    ] {
        within_patience(move || {
            let pool = Pool::builder().workers(2).strategy(strategy).build();
            let pool = Arc::new(pool.unwrap());
            let inside = Arc::clone(&pool);
            let job = pool.submit(move || fib(&inside, n)).unwrap();
            let expected = (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0;
            assert_eq!(job.join().unwrap(), expected);
        });
    }
}

#[test]
fn the_in_flight_cap_counts_running_jobs_as_well() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(4)
            .queue(64, RejectionPolicy::Reject)
            .max_in_flight(2)
            .build()
            .unwrap();
        let (first, second) = (Gate::occupy(&pool), Gate::occupy(&pool));
        assert!(pool.submit(|| ()).unwrap_err().is_full());
        first.open();
        let third = pool.submit(|| 3).unwrap();
        assert_eq!(third.join().unwrap(), 3);
        second.open();
    });
}

#[test]
fn a_blocked_submitter_goes_on_when_a_job_ends_under_the_cap() {
    within_patience(|| {
        let pool = Pool::builder().workers(4).max_in_flight(1).build().unwrap();
        let peak = Arc::new(AtomicUsize::new(0));
        for _ in 0..JOBS {
            let peak = Arc::clone(&peak);
            pool.submit_detached(move || {
                assert_eq!(peak.fetch_add(1, Ordering::SeqCst), 0);
                peak.fetch_sub(1, Ordering::SeqCst);
            })
            .unwrap();
        }
        pool.shutdown();
        assert_eq!((pool.stats().done, pool.stats().failed), (JOBS as u64, 0));
    });
}
