//! Many small jobs: what it costs to hand a job over, beside what the job does.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use worker_pool::Pool;

/// What is done.
pub const WHAT: &str = "4 workers start, run 500 jobs of some microseconds, and end";

const WORKERS: usize = 4;
const JOBS: u64 = 500;
/// Additions in a job.
const WORK: u64 = 2_000;

/// Nothing.
pub fn prepare() {}

/// Runs all jobs and adds up their results.
pub fn run(_: &()) -> u64 {
    let sum = Arc::new(AtomicU64::new(0));
    let pool = Pool::new(WORKERS).expect("4 is not 0");
    for job in 0..JOBS {
        let sum = Arc::clone(&sum);
        pool.execute(move || {
            let result = (0..WORK).fold(0, |a, n| a + black_box(n % (job + 1)));
            sum.fetch_add(result, Ordering::Relaxed);
        });
    }
    drop(pool); // waits for all jobs
    sum.load(Ordering::Relaxed)
}
