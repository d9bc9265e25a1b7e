//! What reading costs beside mapping: one file, counted in four ways in turn.
//!
//! Run:    cargo run --release -p eg08-mapped-file --bin measure_mapping
//! See:    the rows that read pay for a copy of the file, in time and on the heap.
//! Try:    a larger file. The heap column grows for two rows and not for the others.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use wt_core::buffer::Mapping;
use wt_core::thread;

const SIZE: usize = 64 << 20;
const ROUNDS: usize = 11;
const LINE: &str = "10:15:00 INFO request 4711 answered in 12 ms\n";

/// Its name, the bytes it needs on the heap, and the count.
type Way = (&'static str, usize, fn(&Path) -> usize);

fn main() {
    let path = std::env::temp_dir().join(format!("eg08-measure-{}.log", std::process::id()));
    fs::write(&path, LINE.repeat(SIZE / LINE.len())).expect("64 MiB of room");
    let ways: [Way; 4] = [
        ("read, 1 thread", SIZE, |path| {
            words(&fs::read(path).expect("readable"))
        }),
        ("read, 2 threads", SIZE, |path| {
            halves(&fs::read(path).expect("readable"))
        }),
        ("map, 1 thread", 0, |path| {
            words(&Mapping::open(path).expect("readable"))
        }),
        ("map, 2 threads", 0, |path| {
            halves(&Mapping::open(path).expect("readable"))
        }),
    ];
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        for ((_, _, way), times) in ways.iter().zip(&mut times) {
            let start = Instant::now();
            assert_eq!(way(&path), SIZE / LINE.len() * 8);
            times.push(start.elapsed());
        }
    }
    fs::remove_file(path).expect("the file was ours");
    println!(
        "{:<16} {:>6}  {:>26}",
        "64 MiB, cached", "heap", "ms, median (least to most)"
    );
    for ((name, heap, _), times) in ways.into_iter().zip(times) {
        println!("{name:<16} {:>3} MiB  {:>26}", heap >> 20, spread(times));
    }
}

fn halves(text: &[u8]) -> usize {
    let middle = text.len() / 2;
    let end = text[middle..]
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(text.len(), |at| middle + at + 1);
    let (left, right) = text.split_at(end);
    thread::scope(|scope| {
        let other = scope.spawn(|| words(right));
        words(left) + other.join().expect("counting does not panic")
    })
}

fn words(text: &[u8]) -> usize {
    text.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .count()
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let ms = |at: usize| times[at].as_secs_f64() * 1e3;
    format!(
        "{:.1} ({:.1} to {:.1})",
        ms(ROUNDS / 2),
        ms(0),
        ms(ROUNDS - 1)
    )
}
