//! A pool that wants more threads than the process may have.
//!
//! One test, because the limit is on the whole process.
#![cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]

mod deadline;

use std::fs;
use std::mem::MaybeUninit;

use deadline::{Gate, within_patience};
use wt_core::pool::{BuildError, Pool};

const STACK: usize = 256 << 20;

/// Leaves room for about three more stacks.
fn limit_address_space() {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: the place is large enough, and read only if it was filled.
    let mut limit = unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_AS, limit.as_mut_ptr()), 0);
        limit.assume_init()
    };
    limit.rlim_cur = pages * 4096 + 3 * STACK as u64 + (STACK as u64 / 2);
    // SAFETY: the limit is initialised.
    let set = unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) };
    assert_eq!(set, 0);
}

#[test]
fn a_thread_that_is_refused_is_an_error_at_first_and_later_is_not() {
    within_patience(|| {
        limit_address_space();
        let builder = || Pool::builder().workers(16).stack_size(STACK);

        let error = builder().build().unwrap_err();
        let BuildError::Spawn { worker, .. } = error else {
            panic!("{error}");
        };
        assert!((1..16).contains(&worker), "worker {worker} was refused");

        let pool = builder().min_workers(1).build().unwrap();
        let gate = Gate::occupy(&pool);
        let jobs: Vec<_> = (0..100)
            .map(|i| pool.job().key(&i).submit(move || i).unwrap())
            .collect();
        pool.resize(20);
        gate.open();
        for (i, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.join().unwrap(), i);
        }
        let workers = pool.stats().workers;
        assert!((1..16).contains(&workers), "{workers} workers");
        pool.shutdown();
        assert_eq!(pool.stats().done, 101);
    });
}
