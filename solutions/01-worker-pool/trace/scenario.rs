//! Three workers, seven jobs of different lengths.
//!
//! A job takes as many ticks as it says. The pool's queue is in the middle: `main`
//! fills it at once and then waits, in `drop`, for the workers to end.

use std::time::Duration;

use wt_check::trace::span;
use wt_core::thread;
use worker_pool::Pool;

const TICKS: [u64; 7] = [30, 18, 24, 12, 36, 18, 24];

pub fn scenario() {
    let pool = Pool::new(3).expect("three is not zero");
    for (job, ticks) in (1..).zip(TICKS) {
        pool.execute(move || {
            span(&format!("job {job}"), || {
                thread::sleep(Duration::from_millis(ticks));
            });
        });
    }
    drop(pool);
}
