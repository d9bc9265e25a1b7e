//! What a copy costs: round trips to a worker, moved and cloned in turn.
//!
//! Run:    cargo run --release -p eg06-move-the-buffer --bin measure_transfer
//! See:    the moved row does not change with the size. The cloned row does.
//! Try:    other sizes. From which size on does a copy cost more than a wake-up?

use std::time::{Duration, Instant};

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread;

const ROUNDS: usize = 101;

fn main() {
    println!("{:>10}  {:>32}  {:>32}", "size", "moved, µs", "cloned, µs");
    println!(
        "{:>10}  {:>32}  {:>32}",
        "", "median (5 % to 95 %)", "median (5 % to 95 %)"
    );
    for kib in [4, 64, 1024, 16 * 1024] {
        let (moved, cloned) = measure(vec![1; kib << 10]);
        println!(
            "{:>6} KiB  {:>32}  {:>32}",
            kib,
            spread(moved),
            spread(cloned)
        );
    }
}

/// Round trips in turn, so that a slow moment of the machine hits both.
fn measure(mut buffer: Vec<u8>) -> (Vec<Duration>, Vec<Duration>) {
    let (to_worker, inbox) = channel::unbounded::<Vec<u8>>();
    let (outbox, from_worker) = channel::unbounded();
    thread::spawn(move || inbox.into_iter().try_for_each(|buffer| outbox.send(buffer)));
    let (mut moved, mut cloned) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // An idle core sleeps deeper the longer it waits: wake the worker first.
        round_trip(Vec::new(), &to_worker, &from_worker);
        let start = Instant::now();
        buffer = round_trip(buffer, &to_worker, &from_worker);
        moved.push(start.elapsed());

        round_trip(Vec::new(), &to_worker, &from_worker);
        let start = Instant::now();
        drop(round_trip(buffer.clone(), &to_worker, &from_worker));
        cloned.push(start.elapsed());
    }
    (moved, cloned)
}

fn round_trip(buffer: Vec<u8>, tx: &Sender<Vec<u8>>, rx: &Receiver<Vec<u8>>) -> Vec<u8> {
    tx.send(buffer).expect("the worker runs");
    rx.recv().expect("the worker runs")
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    format!("{:.1} ({:.1} to {:.1})", at(50), at(5), at(95))
}
