//! What a panic costs: 1000 jobs on one worker, in three ways, in turn.
//!
//! Run:    cargo run --release -p eg02-join-handles --bin measure_panics
//! See:    the time per job, as median and as 5 % to 95 % of the rounds.
//! Try:    take the hook out. The text of each panic costs more than the panic.

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wt_core::thread;
use wt_core::time::Instant;

const JOBS: u32 = 1000;
const ROUNDS: usize = 21;

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let ways: [(&str, fn()); 3] = [
        ("a value, caught in case", || caught(false)),
        ("a panic, caught", || caught(true)),
        ("a panic, a new thread", replaced),
    ];
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for ((_, run), times) in ways.iter().zip(&mut times) {
            let start = Instant::now();
            run();
            times.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(JOBS));
        }
    }
    for ((title, _), mut times) in ways.iter().zip(times) {
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        let (middle, low, high) = (at(50), at(5), at(95));
        println!("{title:<24} {middle:7.3} µs per job ({low:.3} to {high:.3})");
    }
}

/// One worker that outlives every job.
fn caught(panics: bool) {
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..JOBS {
                let _ = black_box(catch_unwind(AssertUnwindSafe(|| job(n, panics))));
            }
        });
    });
}

/// Each panic ends its thread, and another thread takes over.
fn replaced() {
    for n in 0..JOBS {
        let _ = black_box(thread::spawn(move || job(n, true)).join());
    }
}

fn job(n: u32, panics: bool) -> u32 {
    assert!(!black_box(panics), "job {n}");
    black_box(n)
}
