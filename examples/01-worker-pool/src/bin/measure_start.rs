//! What a thread per job costs: 10,000 tiny jobs, both ways, in turn.
//!
//! Run:    cargo run --release -p eg01-worker-pool --bin measure_start
//! See:    the time per job, as median and as 5 % to 95 % of the rounds.
//! Try:    let a job count to 10,000. The difference stays, and matters less.

use std::hint::black_box;

use wt_core::channel;
use wt_core::thread;
use wt_core::time::Instant;

const JOBS: u32 = 10_000;
const WORKERS: usize = 4;
const ROUNDS: usize = 21;

fn main() {
    let (mut per_job, mut pooled) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        per_job.push(time(thread_per_job));
        pooled.push(time(four_workers));
    }
    report("a thread per job", per_job);
    report("four workers", pooled);
}

/// Microseconds per job.
fn time(run: fn()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64() * 1e6 / f64::from(JOBS)
}

/// Starts and joins a thread for each job, one after the other.
fn thread_per_job() {
    for job in 0..JOBS {
        thread::spawn(move || drop(black_box(vec![job])))
            .join()
            .unwrap();
    }
}

/// Starts four threads, queues every job as a boxed closure, and waits for all.
fn four_workers() {
    let (tx, rx) = channel::unbounded::<Box<dyn FnOnce() + Send>>();
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            let rx = rx.clone();
            scope.spawn(move || rx.iter().for_each(|job| job()));
        }
        for job in 0..JOBS {
            tx.send(Box::new(move || drop(black_box(vec![job]))))
                .unwrap();
        }
        drop(tx);
    });
}

fn report(title: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "{title:<17} {:6.2} µs per job ({:.2} to {:.2})",
        at(50),
        at(5),
        at(95)
    );
}
