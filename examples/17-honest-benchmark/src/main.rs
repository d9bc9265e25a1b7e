//! The same program, measured twice, on a machine that gets hot. Three ways to
//! compare the two, of which two find a winner.
//!
//! Run:    cargo run -p eg17-honest-benchmark
//! See:    all of a and then all of b: b looks slower. In turns, by the mean: one run
//!         that met a backup decides. In turns, by the middle halves: no difference.
//! Try:    let the machine not get hot: `HEAT` to 0. The first way finds no winner
//!         either, until the next hot day.

use std::cell::Cell;

use wt_core::time::Duration;

const ROUNDS: usize = 20;
/// How much longer each run takes than the one before, in microseconds.
const HEAT: u64 = 10;
const BACKUP: Duration = Duration::from_millis(30);

fn main() {
    let machine = Machine::default();
    let a: Vec<_> = (0..ROUNDS).map(|_| machine.run()).collect();
    let b: Vec<_> = (0..ROUNDS).map(|_| machine.run()).collect();
    println!("all of a, then all of b");
    show([a, b]);

    let machine = Machine::default();
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        // a b, b a, a b, b a: no one is always the first.
        for turn in 0..2 {
            times[(round + turn) % 2].push(machine.run());
        }
    }
    times[1][7] += BACKUP;
    println!("in turns; b once met a backup of {BACKUP:?}");
    show(times);
}

/// A machine on which the same work takes a little longer every time.
#[derive(Default)]
struct Machine {
    runs: Cell<u64>,
}

impl Machine {
    fn run(&self) -> Duration {
        let before = self.runs.replace(self.runs.get() + 1);
        Duration::from_micros(1000 + HEAT * before)
    }
}

// ANCHOR: show
fn show(times: [Vec<Duration>; 2]) {
    let mean = |times: &Vec<Duration>| times.iter().sum::<Duration>() / times.len() as u32;
    let [a, b] = [mean(&times[0]), mean(&times[1])];
    println!(
        "  means          a {a:>8.2?}   b {b:>8.2?}   {}",
        winner(a, a, b, b)
    );
    let [a, b] = times.map(middle_half);
    println!("  middle halves  a {:.2?} to {:.2?}", a.0, a.1);
    println!(
        "                 b {:.2?} to {:.2?}   {}",
        b.0,
        b.1,
        winner(a.0, a.1, b.0, b.1)
    );
}

/// Between these two lies half of the times.
fn middle_half(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 4], times[times.len() * 3 / 4])
}

/// A winner is all faster than the other is at its fastest.
fn winner(a_from: Duration, a_to: Duration, b_from: Duration, b_to: Duration) -> &'static str {
    match (a_to < b_from, b_to < a_from) {
        (true, _) => "=> a is faster",
        (_, true) => "=> b is faster",
        _ => "=> no difference",
    }
}
// ANCHOR_END: show
