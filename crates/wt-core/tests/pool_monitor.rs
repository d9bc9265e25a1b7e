//! A pool under load, watched.

mod deadline;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use deadline::{Gate, wait_until, within_patience};
use wt_core::monitor::{
    CountingAlloc, Exposition, Health, HealthPolicy, PeriodError, PoolMonitor, Sample,
};
use wt_core::pool::{Pool, RejectionPolicy, Stats};
use wt_core::time::Clock;
use wt_core::time::Instant;

#[global_allocator]
static ALLOCATOR: CountingAlloc = CountingAlloc::system();

const JOBS: usize = 1000;

#[track_caller]
fn assert_balanced(stats: &Stats) {
    let parts = stats.finished() + stats.queued + stats.running;
    assert_eq!(stats.submitted, parts, "{stats:?}");
}

/// Submits jobs that return, panic, are cancelled, expired or discarded.
fn submit_all_kinds(pool: &Pool, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    for i in 0..JOBS {
        let work = move || assert!(i % 7 != 0, "every seventh job panics");
        match rng.u8(..5) {
            0 => drop(pool.submit_detached(work)),
            1 => drop(pool.job().timeout(Duration::ZERO).submit(work)),
            2 => drop(pool.submit(work).map(|job| job.cancel())),
            3 => drop(pool.submit(work).map(|job| job.join())),
            _ => drop(pool.submit(work)),
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "it takes so many samples that Miri needs minutes")]
fn every_sample_balances_and_periods_add_up_under_load() {
    for (threads, policy) in [
        (1, RejectionPolicy::Block),
        (2, RejectionPolicy::DiscardOldest),
        (8, RejectionPolicy::CallerRuns),
        (8, RejectionPolicy::Reject),
    ] {
        within_patience(move || {
            let monitor = PoolMonitor::new();
            let builder = Pool::builder().workers(threads).queue(16, policy);
            let pool = monitor.attach(builder).build().unwrap();
            let first = monitor.sample(&pool);
            let over = AtomicBool::new(false);
            let (last, sum) = thread::scope(|scope| {
                let sampler = scope.spawn(|| sample_until(&over, &monitor, &pool, &first));
                thread::scope(|scope| {
                    for seed in 0..threads as u64 {
                        let pool = &pool;
                        scope.spawn(move || submit_all_kinds(pool, seed));
                    }
                });
                wait_until(|| pool.stats().queued + pool.stats().running == 0);
                over.store(true, Ordering::SeqCst);
                sampler.join().unwrap()
            });
            let whole = last.since(&first).unwrap();
            assert_eq!(sum, (whole.submitted, whole.finished()));
            assert_eq!(whole.submitted, whole.finished());
        });
    }
}

/// Takes samples until told to stop and once more. Returns the last one and what
/// the periods between them say together.
fn sample_until(
    over: &AtomicBool,
    monitor: &PoolMonitor,
    pool: &Pool,
    first: &Sample,
) -> (Sample, (u64, u64)) {
    let mut before = first.clone();
    let mut sum = (0, 0);
    loop {
        let is_last = over.load(Ordering::SeqCst);
        let sample = monitor.sample(pool);
        assert_balanced(&sample.jobs);
        match sample.since(&before) {
            Ok(period) => {
                sum = (sum.0 + period.submitted, sum.1 + period.finished());
                assert!((0.0..=1.0).contains(&period.utilisation()));
                before = sample;
            }
            Err(PeriodError::NotLater) => {}
            Err(error) => panic!("{error}"),
        }
        if is_last {
            return (before, sum);
        }
        thread::yield_now();
    }
}

fn watched(name: &str, workers: usize) -> (Pool, PoolMonitor) {
    let monitor = PoolMonitor::new();
    let builder = Pool::builder().name(name).workers(workers);
    (monitor.attach(builder).build().unwrap(), monitor)
}

#[test]
fn a_worker_that_waits_is_named_as_stalled_and_uses_no_processor() {
    within_patience(|| {
        let (pool, monitor) = watched("stuck", 1);
        let mut policy = HealthPolicy::default();
        policy.stalled_after = Duration::from_millis(20);
        let before = monitor.sample(&pool);
        let gate = Gate::occupy(&pool);
        let judge = || policy.judge(&monitor.sample(&pool).since(&before).unwrap());
        wait_until(|| judge().word() == "stalled");
        let Health::Stalled { workers } = judge() else {
            unreachable!("its job goes on");
        };
        assert_eq!((workers.len(), &workers[0].name[..]), (1, "stuck-0"));
        assert!(workers[0].running_for >= policy.stalled_after);
        if cfg!(all(target_os = "linux", not(miri))) {
            assert!(workers[0].cpu.unwrap() < 0.5, "{workers:?}");
        }
        gate.open();
        wait_until(|| monitor.sample(&pool).workers[0].running_for.is_none());
        assert_eq!(judge(), Health::Healthy);
    });
}

#[test]
fn a_queue_that_does_not_get_shorter_is_saturation() {
    within_patience(|| {
        let (pool, monitor) = watched("full", 1);
        let gate = Gate::occupy(&pool);
        let before = monitor.sample(&pool);
        let jobs: Vec<_> = (0..5).map(|_| pool.submit(|| ()).unwrap()).collect();
        let health = || {
            let period = monitor.sample(&pool).since(&before).unwrap();
            HealthPolicy::default().judge(&period)
        };
        wait_until(|| matches!(health(), Health::Saturated { queued: 5, .. }));
        gate.open();
        jobs.into_iter().for_each(|job| job.join().unwrap());
        assert_eq!(health(), Health::Healthy);
    });
}

#[test]
fn each_job_is_timed_or_every_nth() {
    for one_in in [1, 4] {
        within_patience(move || {
            let monitor = PoolMonitor::new().one_in(one_in);
            let pool = monitor.attach(Pool::builder().workers(2)).build().unwrap();
            let jobs: Vec<_> = (0..400).map(|_| pool.submit(|| ()).unwrap()).collect();
            jobs.into_iter().for_each(|job| job.join().unwrap());
            // A job is recorded after its handle has answered.
            pool.shutdown();
            let sample = monitor.sample(&pool);
            let looked_at = 400 / u64::from(one_in);
            for times in [&sample.wait, &sample.run] {
                assert!(times.count().abs_diff(looked_at) <= 1, "{times:?}");
            }
        });
    }
}

#[test]
fn the_time_that_a_job_waits_and_runs_is_told_apart() {
    within_patience(|| {
        let (pool, monitor) = watched("times", 1);
        let gate = Gate::occupy(&pool);
        let queued = Instant::now();
        let job = pool.submit(|| ()).unwrap();
        while queued.elapsed() < Duration::from_millis(30) {
            thread::yield_now();
        }
        gate.open();
        job.join().unwrap();
        pool.shutdown();
        let sample = monitor.sample(&pool);
        // The gate ran for 30 ms and did not wait; the job waited for 30 ms and did not run.
        let (wait, run) = (&sample.wait, &sample.run);
        assert!(wait.max() >= Duration::from_millis(29), "{wait:?}");
        assert!(run.max() >= Duration::from_millis(29), "{run:?}");
        assert!(wait.quantile(0.5) < wait.max(), "{wait:?}");
    });
}

#[test]
fn memory_is_told_by_worker() {
    within_patience(|| {
        let (pool, monitor) = watched("memory", 1);
        let kept = pool.submit(|| vec![1_u8; 1 << 20]).unwrap().join().unwrap();
        let sample = monitor.sample(&pool);
        let memory = sample.workers[0].memory.unwrap();
        assert!(memory.live() >= 1 << 20, "{memory:?}");
        // The worker frees it, because it is there that the drop runs.
        pool.submit(move || drop(kept)).unwrap().join().unwrap();
        let after = monitor.sample(&pool);
        let memory = after.workers[0].memory.unwrap();
        assert!(
            memory.live() < 1 << 19 && memory.peak >= 1 << 20,
            "{memory:?}"
        );
        let period = after.since(&sample).unwrap();
        assert!(period.workers[0].allocated.unwrap() < 1 << 19);
    });
}

#[test]
fn a_pool_that_is_shut_down_has_no_workers_and_keeps_its_totals() {
    within_patience(|| {
        let (pool, monitor) = watched("gone", 2);
        // A worker has its name from the moment that it has begun to work.
        wait_until(|| {
            let sample = monitor.sample(&pool);
            let names = sample.workers.iter().map(|worker| &worker.name[..]);
            names.eq(["gone-0", "gone-1"])
        });
        let before = monitor.sample(&pool);
        pool.submit(|| ()).unwrap().join().unwrap();
        pool.shutdown();
        let after = monitor.sample(&pool);
        assert!(after.workers.is_empty(), "{:?}", after.workers);
        let period = after.since(&before).unwrap();
        assert_eq!((period.done, period.run.count()), (1, 1));
        assert_eq!(HealthPolicy::default().judge(&period), Health::Healthy);
        let mut page = Exposition::new();
        page.add("gone", &after);
        let line = "wt_pool_finished_total{pool=\"gone\",outcome=\"done\"} 1\n";
        assert!(page.to_string().contains(line), "{page}");
    });
}

#[test]
fn workers_that_come_and_go_are_seen_to() {
    within_patience(|| {
        let (pool, monitor) = watched("crew", 2);
        let names = || {
            let workers = monitor.sample(&pool).workers;
            let names: Vec<String> = workers.into_iter().map(|w| w.name).collect();
            names
        };
        for (workers, expected) in [
            (1, &["crew-0"][..]),
            (3, &["crew-0", "crew-1", "crew-2"]),
            (2, &["crew-0", "crew-1"]),
        ] {
            pool.resize(workers);
            wait_until(|| names() == expected);
        }
        let sample = monitor.sample(&pool);
        assert!(sample.workers.iter().all(|worker| worker.memory.is_some()));
    });
}

#[test]
fn a_clock_that_goes_back_is_an_error() {
    /// Each look is a second earlier than the one before.
    struct Backwards(Instant, AtomicUsize);
    impl Clock for Backwards {
        fn now(&self) -> Instant {
            let looks = self.1.fetch_add(1, Ordering::Relaxed) as u64;
            self.0 - Duration::from_secs(looks)
        }
        fn sleep(&self, _: Duration) {}
    }
    within_patience(|| {
        let start = Instant::now() + Duration::from_secs(60);
        let monitor = PoolMonitor::new().clock(Backwards(start, AtomicUsize::new(0)));
        let pool = monitor.attach(Pool::builder().workers(1)).build().unwrap();
        let first = monitor.sample(&pool);
        let _gate = Gate::occupy(&pool);
        let second = monitor.sample(&pool);
        assert_eq!(second.since(&first).unwrap_err(), PeriodError::NotLater);
        assert_eq!(first.since(&second).unwrap_err(), PeriodError::Unrelated);
    });
}
