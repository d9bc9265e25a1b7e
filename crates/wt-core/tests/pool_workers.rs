//! The workers themselves: how they begin, end, and come back.

mod deadline;

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use deadline::{Gate, wait_until, within_patience};
use wt_core::pool::{JobError, Pool, RejectionPolicy, WorkerLocal, WorkerState};

#[test]
fn workers_are_started_when_jobs_need_them() {
    within_patience(|| {
        let pool = Pool::builder().workers(3).min_workers(1).build().unwrap();
        assert_eq!((pool.workers(), pool.stats().workers), (3, 1));
        let first = Gate::occupy(&pool);
        assert_eq!(pool.stats().workers, 1);
        let second = Gate::occupy(&pool);
        let third = Gate::occupy(&pool);
        assert_eq!(pool.stats().workers, 3);
        // No more than asked for, however much is queued.
        let queued = pool.submit(|| 4).unwrap();
        assert_eq!(pool.stats().workers, 3);
        for gate in [first, second, third] {
            gate.open();
        }
        assert_eq!(queued.join().unwrap(), 4);
    });
}

#[test]
fn a_stack_that_is_too_small_is_raised_to_the_least_that_the_system_allows() {
    within_patience(|| {
        let pool = Pool::builder().workers(2).stack_size(1).build().unwrap();
        let jobs: Vec<_> = (0..10).map(|i| pool.submit(move || i).unwrap()).collect();
        for (i, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.join().unwrap(), i);
        }
    });
}

#[test]
fn idle_workers_end_down_to_the_floor_and_come_back() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(3)
            .min_workers(1)
            .idle_timeout(Duration::from_millis(1))
            .build()
            .unwrap();
        for _ in 0..3 {
            let gates: Vec<_> = (0..3).map(|_| Gate::occupy(&pool)).collect();
            assert_eq!(pool.stats().workers, 3);
            for gate in gates {
                gate.open();
            }
            wait_until(|| pool.stats().workers == 1);
            assert_eq!(pool.submit(|| 7).unwrap().join().unwrap(), 7);
        }
        assert_eq!(pool.stats().done, 12);
    });
}

#[test]
fn workers_that_tire_at_the_same_moment_do_not_all_leave() {
    within_patience(|| {
        let rounds = if cfg!(miri) { 2 } else { 20 };
        for _ in 0..rounds {
            let pool = Pool::builder()
                .workers(8)
                .min_workers(2)
                .idle_timeout(Duration::from_micros(200))
                .build()
                .unwrap();
            let gates: Vec<_> = (0..8).map(|_| Gate::occupy(&pool)).collect();
            for gate in gates {
                gate.open();
            }
            wait_until(|| pool.stats().workers <= 2);
            // The numbers of those who stayed may be any, and none of them may be needed now.
            pool.resize(1);
            wait_until(|| pool.stats().workers == 1);
            assert_eq!(pool.submit(|| 6).unwrap().join().unwrap(), 6);
        }
    });
}

#[test]
fn resize_starts_and_ends_workers_and_loses_no_job() {
    within_patience(|| {
        let pool = Pool::new(2).unwrap();
        pool.resize(5);
        let gates: Vec<_> = (0..5).map(|_| Gate::occupy(&pool)).collect();
        let queued: Vec<_> = (0..50).map(|i| pool.submit(move || i).unwrap()).collect();
        pool.resize(1);
        assert_eq!(pool.workers(), 1);
        for gate in gates {
            gate.open();
        }
        for (i, job) in queued.into_iter().enumerate() {
            assert_eq!(job.join().unwrap(), i);
        }
        wait_until(|| pool.stats().workers == 1);
        pool.resize(2);
        let meet = Arc::new(Barrier::new(2));
        let other = Arc::clone(&meet);
        let job = pool.submit(move || other.wait()).unwrap();
        pool.submit(move || meet.wait()).unwrap().join().unwrap();
        job.join().unwrap();
    });
}

#[test]
fn resizing_under_load_loses_no_job() {
    within_patience(|| {
        let rounds = if cfg!(miri) { 3 } else { 100 };
        let pool = Pool::builder()
            .workers(4)
            .queue(8, RejectionPolicy::Block)
            .build()
            .unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        thread::scope(|s| {
            s.spawn(|| {
                for round in 0..rounds {
                    pool.resize(1 + round % 4);
                }
            });
            for i in 0..rounds * 10 {
                let ran = Arc::clone(&ran);
                let job = move || {
                    ran.fetch_add(1, SeqCst);
                };
                pool.job().key(&(i % 5)).submit_detached(job).unwrap();
            }
        });
        pool.shutdown();
        assert_eq!(ran.load(SeqCst), rounds * 10);
        assert_eq!(pool.stats().workers, 0);
    });
}

#[test]
#[should_panic(expected = "a pool of 0 workers")]
fn a_pool_cannot_be_resized_to_nothing() {
    Pool::new(1).unwrap().resize(0);
}

#[test]
fn hooks_run_on_each_workers_thread_in_order() {
    within_patience(|| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let (start, exit) = (Arc::clone(&log), Arc::clone(&log));
        let note = |log: &Mutex<Vec<_>>, what: &'static str, worker: usize| {
            let name = thread::current().name().unwrap().to_owned();
            assert_eq!(name, format!("hooked-{worker}"));
            log.lock().unwrap().push((worker, what));
        };
        let pool = Pool::builder()
            .name("hooked")
            .workers(2)
            .on_start(move |worker| note(&start, "start", worker))
            .on_exit(move |worker| note(&exit, "exit", worker))
            .build()
            .unwrap();
        for job in pool.broadcast(|worker| worker).unwrap() {
            job.join().unwrap();
        }
        pool.shutdown();
        let log = log.lock().unwrap();
        for worker in 0..2 {
            let own = log.iter().filter(|(index, _)| *index == worker);
            assert!(own.map(|(_, what)| *what).eq(["start", "exit"]));
        }
    });
}

#[test]
fn worker_state_is_made_and_ended_on_its_worker() {
    /// Not `Send`: it never leaves its thread.
    struct State {
        uses: Rc<Cell<usize>>,
        home: thread::ThreadId,
    }
    within_patience(|| {
        let ended = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&ended);
        let local = WorkerLocal::with_teardown(
            |_| State {
                uses: Rc::default(),
                home: thread::current().id(),
            },
            move |state: State| {
                assert_eq!(state.home, thread::current().id());
                list.lock().unwrap().push(state.uses.get());
            },
        );
        let pool = Pool::builder().workers(3).worker_local(&local).build();
        let pool = pool.unwrap();
        let jobs = (0..100).map(|_| {
            let local = local.clone();
            move || local.with(|state| state.uses.set(state.uses.get() + 1))
        });
        pool.submit_batch_detached(jobs).unwrap();
        pool.shutdown();
        let ended = ended.lock().unwrap();
        assert_eq!((ended.len(), ended.iter().sum::<usize>()), (3, 100));
    });
}

#[test]
fn worker_state_outlives_a_panic_and_is_not_lent_twice() {
    within_patience(|| {
        let local = WorkerLocal::new(|_| 0);
        let pool = Pool::builder().workers(1).worker_local(&local).build();
        let pool = pool.unwrap();
        let inside = local.clone();
        let failed = pool.submit(move || {
            inside.with(|count| {
                *count += 1;
                inside.with(|_| ());
            })
        });
        let message = failed.unwrap().join().unwrap_err().to_string();
        assert!(message.contains("in use further down"), "{message}");
        let inside = local.clone();
        let count = pool.submit(move || inside.with(|count| *count)).unwrap();
        assert_eq!(count.join().unwrap(), 1);
        let outside = std::panic::catch_unwind(AssertUnwindSafe(|| local.with(|count| *count)));
        assert!(outside.is_err(), "this thread is no worker");
    });
}

#[test]
fn a_worker_whose_init_panics_is_replaced() {
    within_patience(|| {
        let attempts = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&attempts);
        let local = WorkerLocal::new(move |_| {
            if count.fetch_add(1, SeqCst) == 0 {
                std::panic::resume_unwind(Box::new("the first one fails"));
            }
            5
        });
        let pool = Pool::builder().workers(1).worker_local(&local).build();
        let pool = pool.unwrap();
        let inside = local.clone();
        let job = pool.submit(move || inside.with(|state| *state)).unwrap();
        assert_eq!(job.join().unwrap(), 5);
        assert_eq!((attempts.load(SeqCst), pool.stats().workers), (2, 1));
    });
}

#[test]
fn a_pool_whose_workers_all_die_answers_its_jobs_and_closes() {
    within_patience(|| {
        let attempts = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&attempts);
        let meet = Arc::new(Barrier::new(2));
        let other = Arc::clone(&meet);
        let pool = Pool::builder()
            .workers(1)
            .on_start(move |_| {
                // The first waits until the jobs are queued.
                if count.fetch_add(1, SeqCst) == 0 {
                    other.wait();
                }
                std::panic::resume_unwind(Box::new("no worker can start"));
            })
            .build()
            .unwrap();
        let jobs: Vec<_> = (0..5).map(|_| pool.submit(|| ()).unwrap()).collect();
        let urgent = pool.broadcast(|_| ()).unwrap();
        let ran = AtomicUsize::new(0);
        pool.scope(|s| {
            s.spawn(|| ran.fetch_add(1, SeqCst));
            meet.wait();
        });
        assert_eq!(ran.into_inner(), 1, "a scope loses no job");
        for job in jobs.into_iter().chain(urgent) {
            assert!(matches!(job.join(), Err(JobError::Discarded)));
        }
        assert!(pool.submit(|| ()).is_err());
        assert_eq!((attempts.load(SeqCst), pool.stats().workers), (3, 0));
    });
}

#[test]
fn a_panic_at_the_end_of_a_worker_stays_there() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !thread::panicking() {
                std::panic::resume_unwind(Box::new("a state that panics in its drop"));
            }
        }
    }
    within_patience(|| {
        let local = WorkerLocal::new(|_| Bomb);
        let pool = Pool::builder()
            .workers(2)
            .worker_local(&local)
            .on_exit(|_| std::panic::resume_unwind(Box::new("an exit hook that panics")))
            .build()
            .unwrap();
        pool.resize(1);
        wait_until(|| pool.stats().workers == 1);
        assert_eq!(pool.submit(|| 3).unwrap().join().unwrap(), 3);
        pool.shutdown();
        assert_eq!(pool.stats().workers, 0);
    });
}

#[test]
fn broadcast_reaches_every_worker_once() {
    for workers in [1, 2, 8] {
        within_patience(move || {
            let pool = Pool::new(workers).unwrap();
            let threads = pool
                .broadcast(|worker| (worker, thread::current().id()))
                .unwrap();
            let mut seen = std::collections::HashSet::new();
            for (index, job) in threads.into_iter().enumerate() {
                let (worker, thread) = job.join().unwrap();
                assert_eq!(worker, index);
                assert!(seen.insert(thread));
            }
            assert_eq!(seen.len(), workers);
        });
    }
}

#[test]
fn worker_stats_say_who_does_what() {
    within_patience(|| {
        let pool = Pool::builder().workers(2).timing(true).build().unwrap();
        let gate = Gate::occupy(&pool);
        wait_until(|| {
            let states = pool.worker_stats().into_iter().map(|worker| worker.state);
            states.filter(|state| *state == WorkerState::Asleep).count() == 1
        });
        let workers = pool.worker_stats();
        let busy = workers
            .iter()
            .find(|worker| worker.state == WorkerState::Running)
            .unwrap();
        assert_eq!((busy.begun, busy.done), (1, 0));
        assert!(busy.running_since.is_some());
        let earlier = busy.busy;
        gate.open();
        wait_until(|| pool.worker_stats()[busy.index].running_since.is_none());
        let after = &pool.worker_stats()[busy.index];
        assert!(after.busy >= earlier);
        assert_eq!((after.begun, after.done), (1, 1));
    });
}

#[test]
fn an_idle_pool_sleeps() {
    within_patience(|| {
        let pool = Pool::new(4).unwrap();
        for _ in 0..100 {
            pool.submit(|| ()).unwrap().join().unwrap();
        }
        wait_until(|| {
            let mut workers = pool.worker_stats().into_iter();
            workers.all(|worker| worker.state == WorkerState::Asleep)
        });
    });
}

#[test]
fn a_worker_that_is_slow_to_start_keeps_no_job_from_one_that_sleeps() {
    within_patience(|| {
        let (open, wait) = wt_core::channel::bounded::<()>(0);
        let pool = Pool::builder()
            .workers(2)
            .min_workers(1)
            .on_start(move |worker| {
                if worker == 1 {
                    let _ = wait.recv();
                }
            })
            .build()
            .unwrap();
        let gate = Gate::occupy(&pool);
        // Nobody is free for this one, so a second worker is started.
        let job = pool.submit(|| 1).unwrap();
        assert_eq!(pool.stats().workers, 2);
        gate.open();
        assert_eq!(job.join().unwrap(), 1);
        wait_until(|| pool.worker_stats()[0].state == WorkerState::Asleep);
        assert_eq!(pool.submit(|| 2).unwrap().join().unwrap(), 2);
        drop(open);
    });
}

#[test]
fn a_seat_whose_workers_die_is_given_up_until_the_pool_is_resized() {
    within_patience(|| {
        let attempts = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&attempts);
        let pool = Pool::builder()
            .workers(2)
            .min_workers(1)
            .on_start(move |worker| {
                if worker == 1 {
                    count.fetch_add(1, SeqCst);
                    std::panic::resume_unwind(Box::new("this one cannot start"));
                }
            })
            .build()
            .unwrap();
        let give_up = |attempts_before: usize| {
            let gate = Gate::occupy(&pool);
            let queued: Vec<_> = (0..200).map(|i| pool.submit(move || i).unwrap()).collect();
            wait_until(|| pool.stats().workers == 1 && attempts.load(SeqCst) > attempts_before);
            // What would be a storm of threads has every occasion now.
            for i in 0..200 {
                drop(pool.submit(move || i));
                thread::yield_now();
            }
            gate.open();
            for (i, job) in queued.into_iter().enumerate() {
                assert_eq!(job.join().unwrap(), i);
            }
        };
        give_up(0);
        let first = attempts.load(SeqCst);
        assert!(first <= 3, "{first} attempts");
        // Whoever asks for a size asks for another attempt.
        pool.resize(2);
        give_up(first);
        let second = attempts.load(SeqCst) - first;
        assert!((1..=3).contains(&second), "{second} attempts");
    });
}

#[test]
fn a_retired_workers_thread_has_ended_when_shutdown_returns() {
    struct Slow(Arc<AtomicUsize>, wt_core::channel::Receiver<()>);
    impl Drop for Slow {
        fn drop(&mut self) {
            let _ = self.1.recv();
            (0..1000).for_each(|_| thread::yield_now());
            self.0.fetch_add(1, SeqCst);
        }
    }
    std::thread_local! {
        static LAST: Cell<Option<Slow>> = const { Cell::new(None) };
    }
    within_patience(|| {
        let ended = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&ended);
        let (shutting_down, wait) = wt_core::channel::bounded::<()>(0);
        let pool = Pool::builder()
            .workers(4)
            // Dropped after all that the pool knows of, when the thread itself ends.
            .on_start(move |_| LAST.set(Some(Slow(Arc::clone(&count), wait.clone()))))
            .build()
            .unwrap();
        pool.resize(1);
        wait_until(|| pool.stats().workers == 1);
        drop(shutting_down);
        pool.shutdown();
        assert_eq!(ended.load(SeqCst), 4);
    });
}
