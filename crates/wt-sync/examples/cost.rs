//! What the façade costs beside std and crossbeam-channel, in one process.
//!
//! Run:    cargo run --release -p wt-sync --example cost
//!         cargo run --release -p wt-sync --example cost --features record
//! See:    a ratio of about 1.00 in each row; with the feature, what the record costs.

use std::hint::black_box;
use std::time::{Duration, Instant};

const ROUNDS: usize = 41;
const STEPS: u32 = 100_000;
const THREADS: u32 = 200;

fn main() {
    println!("{:<22} {:>10} {:>10} {:>7}", "", "std", "façade", "ratio");
    row("lock and unlock", STEPS, std_lock, facade_lock);
    row("send and receive", STEPS, crossbeam, facade_channel);
    row("start and join", THREADS, std_thread, facade_thread);
}

/// Measures both in turn, so that whatever disturbs one disturbs the other.
fn row(name: &str, steps: u32, theirs: fn(u32), ours: fn(u32)) {
    let mut times = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            times.0.push(timed(theirs, steps));
            times.1.push(timed(ours, steps));
        } else {
            times.1.push(timed(ours, steps));
            times.0.push(timed(theirs, steps));
        }
    }
    let (theirs, ours) = (median(times.0), median(times.1));
    let each = |time: Duration| format!("{:.1} ns", time.as_secs_f64() * 1e9 / f64::from(steps));
    println!(
        "{name:<22} {:>10} {:>10} {:>7.2}",
        each(theirs),
        each(ours),
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
}

fn timed(work: fn(u32), steps: u32) -> Duration {
    let start = Instant::now();
    work(steps);
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn std_lock(steps: u32) {
    let lock = std::sync::Mutex::new(0_u32);
    for _ in 0..steps {
        *black_box(&lock).lock().expect("nobody panics") += 1;
    }
}

fn facade_lock(steps: u32) {
    let lock = wt_sync::sync::Mutex::new(0_u32);
    for _ in 0..steps {
        *black_box(&lock).lock().expect("nobody panics") += 1;
    }
}

fn crossbeam(steps: u32) {
    let (tx, rx) = crossbeam_channel::bounded(1);
    for step in 0..steps {
        tx.send(step).expect("it has room");
        black_box(rx.recv().expect("there is one"));
    }
}

fn facade_channel(steps: u32) {
    let (tx, rx) = wt_sync::channel::bounded(1);
    for step in 0..steps {
        tx.send(step).expect("it has room");
        black_box(rx.recv().expect("there is one"));
    }
}

fn std_thread(threads: u32) {
    for _ in 0..threads {
        let _ = std::thread::spawn(|| ()).join();
    }
}

fn facade_thread(threads: u32) {
    for _ in 0..threads {
        let _ = wt_sync::thread::spawn(|| ()).join();
    }
}
