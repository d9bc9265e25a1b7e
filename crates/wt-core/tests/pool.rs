//! Jobs, workers and counters of a pool.

mod deadline;

use std::collections::HashSet;
use std::panic::{self, RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use deadline::within_patience;
use wt_core::pool::{BuildError, JobError, Pool, RejectionPolicy, Stats};

const JOBS: usize = if cfg!(miri) { 30 } else { 2000 };

#[test]
fn every_job_runs_exactly_once() {
    for workers in [1, 2, 8] {
        within_patience(move || {
            let pool = Pool::new(workers).unwrap();
            let runs: Arc<Vec<AtomicUsize>> =
                Arc::new((0..JOBS).map(|_| AtomicUsize::new(0)).collect());
            let handles: Vec<_> = (0..JOBS)
                .map(|i| {
                    let runs = Arc::clone(&runs);
                    pool.submit(move || {
                        runs[i].fetch_add(1, Ordering::Relaxed);
                        i
                    })
                    .unwrap()
                })
                .collect();
            for (i, handle) in handles.into_iter().enumerate() {
                assert_eq!(handle.join().unwrap(), i);
            }
            assert!(runs.iter().all(|n| n.load(Ordering::Relaxed) == 1));
        });
    }
}

#[test]
fn workers_run_at_the_same_time_on_named_threads() {
    within_patience(|| {
        let pool = Pool::builder().name("meet").workers(4).build().unwrap();
        let barrier = Arc::new(Barrier::new(4));
        let names: HashSet<String> = (0..4)
            .map(|_| {
                let barrier = Arc::clone(&barrier);
                pool.submit(move || {
                    barrier.wait();
                    thread::current().name().unwrap().to_owned()
                })
                .unwrap()
            })
            .collect::<Vec<_>>()
            .into_iter()
            .map(|job| job.join().unwrap())
            .collect();
        let expected = (0..4).map(|i| format!("meet-{i}")).collect();
        assert_eq!(names, expected);
    });
}

#[test]
fn jobs_of_one_worker_begin_in_the_order_of_submit() {
    within_patience(|| {
        let pool = Pool::new(1).unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        for i in 0..100 {
            let order = Arc::clone(&order);
            pool.submit(move || order.lock().unwrap().push(i)).unwrap();
        }
        pool.shutdown();
        assert!(order.lock().unwrap().iter().copied().eq(0..100));
    });
}

#[test]
fn a_builder_that_asks_for_nothing_or_too_much_is_an_error() {
    assert!(matches!(Pool::new(0), Err(BuildError::NoWorkers)));
    let no_queue = Pool::builder().queue(0, RejectionPolicy::Block).build();
    assert!(matches!(no_queue, Err(BuildError::NoCapacity)));
    let nul = Pool::builder().name("a\0b").build();
    assert!(matches!(nul, Err(BuildError::NulInName(_))));
    assert!(Pool::builder().build().unwrap().workers() > 0);
}

#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
fn a_refused_thread_is_an_error_and_leaves_no_thread() {
    within_patience(|| {
        // Two of these stacks do not fit the address space: the pool fails half-built.
        let error = Pool::builder()
            .name("doomed")
            .workers(8)
            .stack_size(1 << 45)
            .build()
            .unwrap_err();
        let BuildError::Spawn { source, .. } = &error else {
            panic!("{error:?}");
        };
        assert!(source.raw_os_error().is_some());
        deadline::wait_until(|| {
            !std::fs::read_dir("/proc/self/task")
                .unwrap()
                .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
                .any(|name| name.starts_with("doomed"))
        });
    });
}

#[test]
fn a_thousand_panics_leave_all_workers_alive() {
    within_patience(|| {
        let panics = JOBS as u64 / 2;
        let pool = Pool::new(2).unwrap();
        let handles: Vec<_> = (0..panics)
            .map(|i| pool.submit(move || panic::resume_unwind(Box::new(i))))
            .map(|job: Result<wt_core::pool::JoinHandle<()>, _>| job.unwrap())
            .collect();
        for (i, handle) in handles.into_iter().enumerate() {
            let payload = handle.join().unwrap_err().into_panic().unwrap();
            assert_eq!(*payload.downcast::<u64>().unwrap(), i as u64);
        }
        let stats = pool.stats();
        assert_eq!((stats.failed, stats.workers), (panics, 2));
        // Both workers still take jobs: each waits for the other.
        let barrier = Arc::new(Barrier::new(2));
        let other = Arc::clone(&barrier);
        let job = pool.submit(move || other.wait()).unwrap();
        pool.submit(move || barrier.wait()).unwrap().join().unwrap();
        job.join().unwrap();
    });
}

#[test]
fn errors_convert_with_the_question_mark() {
    fn run(pool: &Pool) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
        Ok(pool.submit(|| 1)?.join()?)
    }
    let pool = Pool::new(1).unwrap();
    assert_eq!(run(&pool).unwrap(), 1);
    pool.shutdown();
    assert_eq!(run(&pool).unwrap_err().to_string(), "the pool is shut down");
}

fn assert_balanced(stats: Stats) {
    let accounted = stats.finished() + stats.queued + stats.running;
    assert_eq!(stats.submitted, accounted, "{stats:?}");
}

#[test]
fn every_snapshot_of_the_counters_balances() {
    for policy in [
        RejectionPolicy::Block,
        RejectionPolicy::CallerRuns,
        RejectionPolicy::DiscardOldest,
    ] {
        within_patience(move || {
            let pool = Pool::builder().workers(2).queue(8, policy).build().unwrap();
            let stop = AtomicBool::new(false);
            thread::scope(|s| {
                s.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        assert_balanced(pool.stats());
                    }
                });
                let producers: Vec<_> = (0..2)
                    .map(|_| {
                        s.spawn(|| {
                            for i in 0..JOBS {
                                let job = pool.submit(move || {
                                    if i % 7 == 0 {
                                        panic::resume_unwind(Box::new(()));
                                    }
                                });
                                if i % 3 == 0 {
                                    job.unwrap().cancel();
                                }
                            }
                        })
                    })
                    .collect();
                for producer in producers {
                    producer.join().unwrap();
                }
                pool.shutdown_now();
                stop.store(true, Ordering::Relaxed);
            });
            let stats = pool.stats();
            assert_balanced(stats);
            assert_eq!(stats.submitted, 2 * JOBS as u64);
            assert_eq!((stats.queued, stats.running, stats.workers), (0, 0, 0));
        });
    }
}

#[test]
fn a_joined_job_is_already_counted() {
    let pool = Pool::new(2).unwrap();
    for done in 1..=JOBS as u64 / 10 {
        pool.submit(|| ()).unwrap().join().unwrap();
        assert_eq!(pool.stats().done, done);
    }
}

#[test]
fn a_pool_and_its_handles_can_be_shared() {
    fn assert_shareable<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe>() {}
    assert_shareable::<Pool>();
    assert_shareable::<wt_core::pool::JoinHandle<std::cell::Cell<u8>>>();
    assert_shareable::<JobError>();
    let pool = Pool::builder().name("shown").workers(1).build().unwrap();
    assert!(format!("{pool:?}").starts_with("Pool { name: \"shown\", workers: 1"));
}
