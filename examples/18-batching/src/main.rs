//! Batching: the fewer messages, the longer the oldest line of each has waited.
//!
//! Run:    cargo run -p eg18-batching
//! See:    a log of 24 lines, shipped in messages of up to so many lines, or up to so
//!         many milliseconds old: how many messages, and the longest wait in one.
//! Try:    add `(100, 100_000)` to `LIMITS`. One message is enough, 3.5 seconds late.

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread;

/// So many lines, or so many milliseconds.
const LIMITS: [(usize, u64); 5] = [(1, 200), (4, 200), (16, 50), (16, 200), (16, 1000)];

/// When a line was written, in milliseconds, and what it says.
type Line = (u64, &'static str);

/// Lines that travel together, and when they left.
struct Batch {
    left: u64,
    lines: Vec<Line>,
}

fn main() {
    let log: Vec<Line> = include_str!("../access.log").lines().map(parse).collect();
    println!("limits             messages  longest wait");
    for (items, age) in LIMITS {
        let (tx, rx) = channel::bounded(1);
        let shipper = thread::spawn(move || ship(&rx));
        batch(&log, items, age, &tx);
        drop(tx);
        let (messages, longest) = shipper.join().unwrap();
        println!("{items:>2} lines, {age:>4} ms  {messages:>8}  {longest:>9} ms");
    }
}

fn parse(line: &'static str) -> Line {
    let (written, request) = line.split_once(' ').unwrap();
    (written.parse().unwrap(), request)
}

// ANCHOR: batch
/// Sends the log as it was written: a batch leaves when it is full, or when its first
/// line is `age` old, or with the end of the log.
fn batch(log: &[Line], items: usize, age: u64, tx: &Sender<Batch>) {
    let mut rest = log;
    while let Some(&(first, _)) = rest.first() {
        let due = first + age;
        let in_time = rest.iter().take_while(|(written, _)| *written < due);
        let (lines, later) = rest.split_at(in_time.count().min(items));
        let full_or_over = lines.len() == items || later.is_empty();
        let left = if full_or_over {
            lines[lines.len() - 1].0
        } else {
            due
        };
        let lines = lines.to_vec();
        tx.send(Batch { left, lines }).unwrap();
        rest = later;
    }
}
// ANCHOR_END: batch

/// What arrives: how many messages, and the longest that a line waited in one.
fn ship(batches: &Receiver<Batch>) -> (usize, u64) {
    let wait = |batch: Batch| batch.left - batch.lines[0].0;
    let waits: Vec<u64> = batches.iter().map(wait).collect();
    (waits.len(), waits.into_iter().max().unwrap_or(0))
}
