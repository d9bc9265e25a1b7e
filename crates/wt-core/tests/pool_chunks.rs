//! Slices over all workers.

mod deadline;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use deadline::{Gate, wait_until, within_patience};
use wt_core::pool::{Pool, RejectionPolicy};

const LEN: usize = if cfg!(miri) { 50 } else { 5000 };

#[test]
fn every_chunk_is_visited_once_and_has_its_size() {
    for workers in [1, 2, 8] {
        for chunk in [1, 7, LEN - 1, LEN, LEN + 1, usize::MAX / 2] {
            within_patience(move || {
                let pool = Pool::new(workers).unwrap();
                let mut data = vec![0; LEN];
                pool.for_each_chunk(&mut data, chunk, |begin, part| {
                    assert_eq!(begin % chunk, 0);
                    assert_eq!(part.len(), chunk.min(LEN - begin));
                    for (i, element) in part.iter_mut().enumerate() {
                        *element += begin + i;
                    }
                });
                assert!(data.into_iter().eq(0..LEN));
            });
        }
    }
}

#[test]
fn results_are_joined_in_the_order_of_the_data() {
    for workers in [1, 2, 8] {
        within_patience(move || {
            let pool = Pool::new(workers).unwrap();
            let data: Vec<usize> = (0..LEN).collect();
            for chunk in [3, 100] {
                let joined = pool.map_reduce(
                    &data,
                    chunk,
                    |_, part| part.to_vec(),
                    |mut left, right| {
                        left.extend(right);
                        left
                    },
                );
                assert_eq!(joined.unwrap(), data);
            }
        });
    }
}

#[test]
fn no_data_is_no_work() {
    let pool = Pool::new(2).unwrap();
    pool.for_each_chunk(&mut [] as &mut [u8], 4, |_, _| panic!("there is no chunk"));
    let nothing = pool.map_reduce(&[] as &[u8], 4, |_, part| part.len(), |a, b| a + b);
    assert_eq!((nothing, pool.stats().submitted), (None, 0));
}

#[test]
#[should_panic(expected = "chunks of 0 elements")]
fn chunks_of_nothing_are_refused() {
    Pool::new(1).unwrap().for_each_chunk(&mut [1], 0, |_, _| ());
}

#[test]
fn a_busy_pool_leaves_all_of_it_to_the_caller() {
    within_patience(|| {
        let pool = Pool::builder()
            .workers(2)
            .queue(1, RejectionPolicy::CallerRuns)
            .build()
            .unwrap();
        let gates = [Gate::occupy(&pool), Gate::occupy(&pool)];
        let here = thread::current().id();
        let mut data = vec![None; 100];
        pool.for_each_chunk(&mut data, 3, |_, part| {
            part.fill(Some(thread::current().id()));
        });
        assert!(data.into_iter().all(|thread| thread == Some(here)));
        for gate in gates {
            gate.open();
        }
    });
}

#[test]
fn who_is_done_takes_half_of_what_is_left() {
    within_patience(|| {
        let pool = Pool::new(2).unwrap();
        let slow = Mutex::new(());
        let visits = AtomicUsize::new(0);
        let data: Vec<usize> = (0..64).collect();
        // The first chunk does not end before the other thread has done more than its own half.
        pool.map_reduce(
            &data,
            1,
            |begin, _| {
                if begin == 1 {
                    let _alone = slow.lock().unwrap();
                    wait_until(|| visits.load(SeqCst) >= 32);
                }
                visits.fetch_add(1, SeqCst);
            },
            |(), ()| (),
        );
        assert_eq!(visits.into_inner(), 64);
    });
}

#[test]
fn a_panic_reaches_the_caller_after_all_threads_have_ended() {
    within_patience(|| {
        let pool = Pool::new(2).unwrap();
        for bad in [0, LEN / 2, LEN - 1] {
            let inside = AtomicUsize::new(0);
            let mut data: Vec<usize> = (0..LEN).collect();
            let caught = catch_unwind(AssertUnwindSafe(|| {
                pool.for_each_chunk(&mut data, 1, |begin, _| {
                    inside.fetch_add(1, SeqCst);
                    if begin == bad {
                        inside.fetch_sub(1, SeqCst);
                        std::panic::resume_unwind(Box::new(bad));
                    }
                    inside.fetch_sub(1, SeqCst);
                });
            }));
            assert_eq!(*caught.unwrap_err().downcast::<usize>().unwrap(), bad);
            assert_eq!(inside.into_inner(), 0);
        }
        assert_eq!(pool.stats().running, 0);
    });
}

#[test]
fn it_nests_in_jobs_of_the_same_pool() {
    within_patience(|| {
        for workers in [1, 2] {
            let pool = Arc::new(Pool::new(workers).unwrap());
            let jobs: Vec<_> = (0..4)
                .map(|_| {
                    let inside = Arc::clone(&pool);
                    let job = pool.submit(move || {
                        let data: Vec<usize> = (0..LEN).collect();
                        inside.map_reduce(
                            &data,
                            8,
                            |_, part| part.iter().sum(),
                            |a: usize, b| a + b,
                        )
                    });
                    job.unwrap()
                })
                .collect();
            for job in jobs {
                assert_eq!(job.join().unwrap(), Some(LEN * (LEN - 1) / 2));
            }
        }
    });
}
