//! Budgets: ten pictures through one MiB of memory, and jobs that nobody wants any more.
//!
//! Run:    cargo run -p eg15-budgets
//! See:    the peak stays within the budget, and two of three jobs are never started.
//! Try:    set `BUDGET` to 600 KiB. The pictures take turns, and the largest is refused.

use std::time::{Duration, Instant};

use wt_core::channel;
use wt_core::limits::Budget;
use wt_core::pool::{CancelToken, JoinHandle, Pool};

/// What may be in memory at the same time, in KiB.
const BUDGET: usize = 1024;

/// A folder of pictures: name and size in KiB.
const PICTURES: [(&str, usize); 10] = [
    ("harbour", 420),
    ("icon", 12),
    ("mountain", 760),
    ("portrait", 310),
    ("thumbnail", 40),
    ("panorama", 980),
    ("street", 450),
    ("logo", 25),
    ("night", 640),
    ("poster", 2048),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    shrink_all()?;
    unwanted()
}

// ANCHOR: budget
fn shrink_all() -> Result<(), Box<dyn std::error::Error>> {
    let pool = Pool::new(4)?;
    let memory = Budget::new(BUDGET << 10);
    let mut jobs = Vec::new();
    for (name, kib) in PICTURES {
        match memory.acquire(kib << 10) {
            // waits until the pictures before it have gone
            Ok(permit) => jobs.push(pool.submit(move || {
                let pixels = vec![1_u8; permit.amount()];
                shrink(&pixels) // the permit is dropped with the job, also if it panics
            })?),
            Err(error) => println!("{name}, {kib} KiB: {error}"),
        }
    }
    let shrunk = jobs
        .into_iter()
        .map(JoinHandle::join)
        .sum::<Result<usize, _>>()?;
    let within = memory.stats().peak <= BUDGET << 10;
    println!(
        "shrunk to {} KiB; never more than {BUDGET} KiB at once: {within}",
        shrunk >> 10
    );
    Ok(())
}
// ANCHOR_END: budget

/// Every fourth pixel.
fn shrink(pixels: &[u8]) -> usize {
    pixels
        .iter()
        .step_by(4)
        .map(|pixel| usize::from(*pixel))
        .sum()
}

fn unwanted() -> Result<(), Box<dyn std::error::Error>> {
    let pool = Pool::new(1)?;
    let (let_go, held) = channel::bounded::<()>(0);
    let busy = pool.submit(move || held.recv().is_ok())?; // the only worker has something to do

    let stop = CancelToken::new();
    let page = pool
        .job()
        .token(&stop)
        .submit(|| "a page nobody looks at")?;
    let quote = pool
        .job()
        .deadline(Instant::now())
        .submit(|| "a price of yesterday")?;
    let bill = pool
        .job()
        .timeout(Duration::from_secs(3600))
        .submit(|| "the bill")?;
    stop.cancel();

    drop(let_go);
    busy.join()?;
    for (name, job) in [("page", page), ("quote", quote), ("bill", bill)] {
        match job.join() {
            Ok(value) => println!("{name:<6} {value}"),
            Err(error) => println!("{name:<6} not started: {error}"),
        }
    }
    Ok(())
}
