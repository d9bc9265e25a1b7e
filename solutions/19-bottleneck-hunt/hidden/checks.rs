//! Hidden checks of lesson 19: the bottleneck is named, and it is gone.
//!
//! The ledger and `parse` belong to the checks. They count what happens while the
//! lock is held; no time is measured.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use bottleneck_hunt::{Counts, Doing, Entry, Ledger, Slot, Span, bottleneck, count, report};
use wt_check::{
    AllocProbe, Rendezvous, assert_same, assert_snapshot, check, fastrand, observe, observed, rng,
};

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(the_bottleneck_is_waited_for_longest => longest_waits),
        check!(nobody_waits_for_no_bottleneck),
        check!(the_report_names_the_bottleneck),
        observed!(counts_are_those_of_one_thread => counts_of_one_thread),
        check!(no_line_is_parsed_under_the_lock),
        check!(the_lock_is_taken_a_few_times_per_worker),
        check!(nothing_is_allocated_under_the_lock),
        check!(workers_parse_at_the_same_time),
        check!(progress_is_seen_meanwhile),
        check!(slots_share_no_cache_line),
    ])
}

const LOCKS: [&str; 4] = ["counts", "index", "log", "names"];

/// Several random timelines: in one alone, a wrong rule might be right by chance.
fn the_bottleneck_is_waited_for_longest() {
    for spans in timelines() {
        let found = bottleneck(&spans);
        observe(
            "bottleneck",
            found.map(|found| (found.lock, found.waited, found.held, found.sections)),
        );
    }
}

fn longest_waits() {
    for spans in timelines() {
        let mut locks: BTreeMap<&str, (u64, u64, usize)> = BTreeMap::new();
        for span in &spans {
            let length = span.to - span.from;
            match span.doing {
                Doing::Wait(lock) => locks.entry(lock).or_default().0 += length,
                Doing::Hold(lock) => {
                    let of_lock = locks.entry(lock).or_default();
                    of_lock.1 += length;
                    of_lock.2 += 1;
                }
                Doing::Run => {}
            }
        }
        let longest = locks.values().map(|lock| lock.0).max().unwrap_or(0);
        let worst = locks.into_iter().find(|(_, lock)| lock.0 == longest);
        let worst = worst.filter(|(_, lock)| lock.0 > 0);
        observe(
            "bottleneck",
            worst.map(|(lock, (waited, held, sections))| (lock, waited, held, sections)),
        );
    }
}

/// Random ones, one with a tie, and one in which many short waits for `log` are more
/// than the one long wait for `index`, which is held longest.
fn timelines() -> Vec<Vec<Span>> {
    let mut rng = rng();
    let mut timelines: Vec<Vec<Span>> = (0..20).map(|_| timeline(&mut rng)).collect();
    let mut many_short = vec![
        span(0, 0, 900, Doing::Hold("index")),
        span(1, 0, 400, Doing::Wait("index")),
    ];
    many_short.extend((0..30).map(|n| span(2, n * 30, n * 30 + 20, Doing::Wait("log"))));
    many_short.extend((0..30).map(|n| span(2, n * 30 + 20, n * 30 + 25, Doing::Hold("log"))));
    timelines.push(many_short);
    timelines.push(vec![
        span(0, 0, 50, Doing::Wait("names")),
        span(1, 0, 50, Doing::Wait("log")),
        span(2, 0, 50, Doing::Hold("counts")),
    ]);
    timelines
}

fn timeline(rng: &mut fastrand::Rng) -> Vec<Span> {
    let mut spans = Vec::new();
    for worker in 0..rng.usize(1..5) {
        let mut now = rng.u64(0..20);
        for _ in 0..rng.usize(1..40) {
            let lock = LOCKS[rng.usize(0..LOCKS.len())];
            let doing = match rng.u8(0..3) {
                0 => Doing::Run,
                1 => Doing::Wait(lock),
                _ => Doing::Hold(lock),
            };
            let to = now + rng.u64(1..100);
            spans.push(span(worker, now, to, doing));
            now = to + rng.u64(0..5);
        }
    }
    rng.shuffle(&mut spans);
    spans
}

fn span(worker: usize, from: u64, to: u64, doing: Doing) -> Span {
    Span {
        worker,
        from,
        to,
        doing,
    }
}

/// A lock that is held for ever costs nothing while nobody wants it.
fn nobody_waits_for_no_bottleneck() {
    let lonely = [
        span(0, 0, 1000, Doing::Hold("counts")),
        span(1, 0, 1000, Doing::Run),
    ];
    for (spans, what) in [
        (&lonely[..], "a lock that nobody waits for"),
        (&[], "an empty timeline"),
    ] {
        if let Some(found) = bottleneck(spans) {
            panic!("{what}: the bottleneck is said to be `{}`", found.lock);
        }
    }
}

fn the_report_names_the_bottleneck() {
    let mut spans = vec![
        span(0, 0, 10, Doing::Run),
        span(0, 10, 95, Doing::Hold("index")),
        span(1, 0, 30, Doing::Run),
        span(1, 30, 66, Doing::Wait("index")),
    ];
    for n in 0..4 {
        let from = 100 + n * 25;
        spans.push(span(0, from, from + 13, Doing::Wait("counts")));
        spans.push(span(0, from + 13, from + 20, Doing::Hold("counts")));
        spans.push(span(1, from, from + 12, Doing::Hold("counts")));
        spans.push(span(1, from + 12, from + 20, Doing::Run));
    }
    assert_snapshot!("report", report(&spans));
}

fn counts_are_those_of_one_thread() {
    for (lines, workers) in inputs() {
        let ledger = Watched::new();
        count(&lines, &parse, &ledger, &slots(workers));
        tell(&ledger.into_counts());
    }
}

fn counts_of_one_thread() {
    for (lines, _) in inputs() {
        let mut counts = Counts::new();
        for line in &lines {
            counts.add(parse(line));
        }
        tell(&counts);
    }
}

/// Numbers of lines that do not divide evenly among them.
fn inputs() -> Vec<(Vec<String>, usize)> {
    let mut rng = rng();
    [(0, 3), (1, 4), (5, 4), (1001, 2), (2003, 4), (1000, 1)]
        .map(|(many, workers)| (log(&mut rng, many), workers))
        .into()
}

fn tell(counts: &Counts) {
    let by_status: Vec<(u16, u64)> = (0..600)
        .map(|status| (status, counts.of(status)))
        .filter(|&(_, many)| many > 0)
        .collect();
    observe("lines, bytes", (counts.lines(), counts.bytes()));
    observe("by status", by_status);
}

/// Parsing is what costs: under the lock it is done by one worker at a time.
fn no_line_is_parsed_under_the_lock() {
    let lines = log(&mut rng(), 1000);
    let under = AtomicUsize::new(0);
    let parse_and_look = |line: &str| {
        if INSIDE.get() {
            under.fetch_add(1, Ordering::SeqCst);
        }
        parse(line)
    };
    count(&lines, &parse_and_look, &Watched::new(), &slots(2));
    let under = under.into_inner();
    assert!(
        under == 0,
        "{under} of 1000 lines were parsed while the lock was held"
    );
}

/// Each visit may have to wait. Four for each worker leave room for batches.
fn the_lock_is_taken_a_few_times_per_worker() {
    let lines = log(&mut rng(), 8000);
    let ledger = Watched::new();
    count(&lines, &parse, &ledger, &slots(4));
    let sections = ledger.sections.load(Ordering::SeqCst);
    assert!(
        sections <= 16,
        "4 workers took the lock {sections} times for 8000 lines"
    );
}

/// The allocator takes time, and may take a lock of its own.
fn nothing_is_allocated_under_the_lock() {
    let lines = log(&mut rng(), 1000);
    let ledger = Watched::new();
    count(&lines, &parse, &ledger, &slots(3));
    let bytes = ledger.allocated.load(Ordering::SeqCst);
    assert!(
        bytes == 0,
        "{bytes} bytes were allocated while the lock was held"
    );
}

/// The first line of each worker is parsed when all workers have come to theirs.
fn workers_parse_at_the_same_time() {
    const WORKERS: usize = 4;
    let lines = log(&mut rng(), 8000);
    let meeting = Rendezvous::new(WORKERS);
    let in_vain = AtomicBool::new(false);
    let meet_and_parse = |line: &str| {
        // Who has waited in vain once does not wait for every line.
        if !in_vain.load(Ordering::SeqCst) && !meeting.meet() {
            in_vain.store(true, Ordering::SeqCst);
        }
        parse(line)
    };
    count(&lines, &meet_and_parse, &Watched::new(), &slots(WORKERS));
    assert!(
        meeting.met(),
        "of {WORKERS} workers, at most {} parsed at the same time",
        meeting.peak()
    );
}

/// One worker, so that the order of the lines is known: while it parses a line, its
/// slot has all lines before but the last few.
fn progress_is_seen_meanwhile() {
    const BEHIND: u64 = 256;
    let lines = log(&mut rng(), 3001);
    let progress = slots(1);
    let parsed = AtomicU64::new(0);
    let farthest = AtomicU64::new(0);
    let parse_and_look = |line: &str| {
        let before = parsed.fetch_add(1, Ordering::SeqCst);
        let shown = progress[0].lines.load(Ordering::SeqCst);
        farthest.fetch_max(before.saturating_sub(shown), Ordering::SeqCst);
        parse(line)
    };
    count(&lines, &parse_and_look, &Watched::new(), &progress);
    let farthest = farthest.into_inner();
    assert!(
        farthest <= BEHIND,
        "while a worker counted 3001 lines, its slot was {farthest} lines behind"
    );
    let progress = slots(4);
    count(&lines, &parse, &Watched::new(), &progress);
    let shown: u64 = (progress.iter())
        .map(|slot| slot.lines.load(Ordering::SeqCst))
        .sum();
    assert_same!(shown, 3001, "3001 lines were counted; the slots have");
}

/// Processors take memory from one another in lines of 64 bytes.
fn slots_share_no_cache_line() {
    const LINE: usize = 64;
    let progress = slots(3);
    for pair in progress.windows(2) {
        let [one, next] = pair else { unreachable!() };
        let [one, next] = [one, next].map(|slot| (&raw const slot.lines).addr());
        assert!(
            one / LINE != next / LINE,
            "the numbers of two workers lie {} bytes apart, in one cache line of {LINE}",
            next - one
        );
    }
}

fn slots(workers: usize) -> Vec<Slot> {
    (0..workers).map(|_| Slot::default()).collect()
}

thread_local! {
    /// Whether this thread is in a section.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// A ledger that counts what happens in its sections.
struct Watched {
    counts: Mutex<Counts>,
    sections: AtomicUsize,
    allocated: AtomicU64,
}

impl Watched {
    fn new() -> Self {
        Self {
            counts: Mutex::new(Counts::new()),
            sections: AtomicUsize::new(0),
            allocated: AtomicU64::new(0),
        }
    }

    fn into_counts(self) -> Counts {
        self.counts.into_inner().expect("no section panicked")
    }
}

impl Ledger for Watched {
    fn with<R>(&self, section: impl FnOnce(&mut Counts) -> R) -> R {
        let mut counts = self.counts.lock().expect("no section panicked");
        self.sections.fetch_add(1, Ordering::SeqCst);
        INSIDE.set(true);
        let probe = AllocProbe::thread();
        let result = section(&mut counts);
        let bytes = probe.stats().bytes;
        INSIDE.set(false);
        self.allocated.fetch_add(bytes, Ordering::SeqCst);
        result
    }
}

/// Lines such as `GET /a 200 512`.
fn log(rng: &mut fastrand::Rng, many: usize) -> Vec<String> {
    const STATUS: [u16; 6] = [200, 204, 301, 404, 500, 503];
    (0..many)
        .map(|n| {
            let status = STATUS[rng.usize(0..STATUS.len())];
            format!("GET /page/{} {status} {}", n % 17, rng.u32(0..5000))
        })
        .collect()
}

fn parse(line: &str) -> Entry {
    let mut words = line.rsplit(' ');
    let mut number = || words.next().and_then(|word| word.parse().ok());
    let bytes: u64 = number().expect("the check's own lines end in a number");
    let status = number().expect("and before it is a status") as u16;
    Entry { status, bytes }
}
