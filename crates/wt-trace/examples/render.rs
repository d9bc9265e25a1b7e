//! How long it takes to draw a log of 10,000 events, in the profile in which
//! `cargo xtask trace` builds it.
//!
//! Run:    cargo run -p wt-trace --example render

use std::fmt::Write;
use std::time::{Duration, Instant};

use wt_trace::names::Sources;
use wt_trace::{Log, Timeline, chrome, svg, text};

const EVENTS: usize = 10_000;
const ROUNDS: usize = 21;

fn main() {
    let log = log();
    let mut times = Vec::new();
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let log = Log::parse(&log).expect("it is whole");
        let timeline = Timeline::new(&log, &Sources::new());
        let drawn = svg::document(&timeline);
        let told = text::page(&timeline);
        let events = chrome::document(&timeline);
        times.push(start.elapsed());
        bytes = drawn.len() + told.len() + events.len();
    }
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{EVENTS} events: {:.0} ms ({:.0} to {:.0}), {bytes} bytes of SVG, text and JSON",
        ms(times[ROUNDS / 2]),
        ms(times[0]),
        ms(times[ROUNDS - 1])
    );
}

/// Eight workers take messages from one channel and use one lock.
fn log() -> String {
    let mut log = String::from("wt-trace\t1\tnanos\nthread\t0\tmain\n");
    for worker in 1..9 {
        let _ = writeln!(log, "thread\t{worker}\tworker-{worker}");
    }
    log.push_str(
        "object\t1\tMutex\tsrc/lib.rs\t1\t15\t\nobject\t2\tchannel\tsrc/lib.rs\t2\t16\t2\n",
    );
    let words = [
        "wait-message 2",
        "wake ",
        "recv 2",
        "wait-lock 1",
        "wake ",
        "lock 1",
        "unlock 1",
    ];
    for at in 0..EVENTS {
        let round = at / (words.len() + 1);
        let (thread, word) = match at % (words.len() + 1) {
            0 => (0, "send 2"),
            n => (1 + round % 8, words[n - 1]),
        };
        let (word, argument) = word.split_once(' ').unwrap_or((word, ""));
        let nanos = at * 700;
        let _ = writeln!(
            log,
            "event\t{nanos}\t{thread}\t{word}\t{argument}\tsrc/lib.rs\t{}",
            at % 90
        );
    }
    log.push_str("lost\t0\noutcome\tdone\t\t\t0\n");
    log
}
