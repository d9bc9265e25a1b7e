//! This program is right, and two workers take as long as one. Find out why, and mend it:
//!
//! 1. `bottleneck` reads a timeline and names the lock that costs the most.
//! 2. `count` holds a lock for too long and takes it too often.
//! 3. `Slot`s of different workers lie in one cache line.

use wt_core::sync::Mutex;
use wt_core::sync::atomic::{AtomicU64, Ordering};
use wt_core::thread;

/// One line of an access log, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The status code, from 0 to 599.
    pub status: u16,
    /// How many bytes were sent.
    pub bytes: u64,
}

/// How often each status occurs, and how many bytes were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    by_status: Vec<u64>,
    bytes: u64,
}

impl Counts {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            by_status: vec![0; 600],
            bytes: 0,
        }
    }

    /// Counts one line.
    pub fn add(&mut self, entry: Entry) {
        self.by_status[usize::from(entry.status)] += 1;
        self.bytes += entry.bytes;
    }

    /// Adds all that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        for (all, more) in self.by_status.iter_mut().zip(&other.by_status) {
            *all += more;
        }
        self.bytes += other.bytes;
    }

    /// How many lines have this status.
    #[must_use]
    pub fn of(&self, status: u16) -> u64 {
        self.by_status[usize::from(status)]
    }

    /// How many bytes were sent.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many lines were counted.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.by_status.iter().sum()
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self::new()
    }
}

/// Where the counts of all workers come together.
pub trait Ledger: Sync {
    /// Runs `section` on the counts. Only one section runs at a time: whoever else
    /// wants in waits.
    fn with<R>(&self, section: impl FnOnce(&mut Counts) -> R) -> R;
}

impl Ledger for Mutex<Counts> {
    fn with<R>(&self, section: impl FnOnce(&mut Counts) -> R) -> R {
        section(&mut self.lock().expect("no section panics"))
    }
}

/// How many lines one worker has done; others read it at any time.
#[derive(Debug, Default)]
pub struct Slot {
    /// Only its worker adds to it.
    pub lines: AtomicU64,
}

/// Counts `lines` with one worker for each slot of `progress`. `parse` is what costs:
/// it understands a line.
///
/// Returns when all lines are in `ledger`. Meanwhile each slot is at most 256 lines
/// behind its worker.
pub fn count<L: Ledger>(
    lines: &[String],
    parse: &(impl Fn(&str) -> Entry + Sync),
    ledger: &L,
    progress: &[Slot],
) {
    let share = lines.len().div_ceil(progress.len().max(1)).max(1);
    thread::scope(|scope| {
        for (part, slot) in lines.chunks(share).zip(progress) {
            scope.spawn(move || {
                for line in part {
                    ledger.with(|counts| {
                        counts.add(parse(line));
                        slot.lines.fetch_add(1, Ordering::Relaxed);
                    });
                }
            });
        }
    });
}

/// What a worker does for a while, as a recorded timeline tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Work that needs no lock.
    Run,
    /// Waits for the lock of this name.
    Wait(&'static str),
    /// Holds the lock of this name.
    Hold(&'static str),
}

/// One bar of a timeline: a worker does one thing from `from` to `to`, in
/// microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The lane: workers count from 0.
    pub worker: usize,
    /// When it begins.
    pub from: u64,
    /// When it ends.
    pub to: u64,
    /// What the worker does meanwhile.
    pub doing: Doing,
}

impl Span {
    /// How long the bar is.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.to - self.from
    }
}

/// The lock that costs the most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bottleneck {
    /// Its name.
    pub lock: &'static str,
    /// How long all workers together waited for it.
    pub waited: u64,
    /// How long it was held.
    pub held: u64,
    /// How often it was taken: the number of its `Hold` bars.
    pub sections: usize,
}

/// The lock for which the workers of this timeline waited longest, all their waits
/// together; of two alike, the first by name. `None` if nobody waited.
pub fn bottleneck(spans: &[Span]) -> Option<Bottleneck> {
    todo!(
        "find the lock with the longest waits in {} bars",
        spans.len()
    )
}

/// The timeline as a table, and its bottleneck.
pub fn report(spans: &[Span]) -> String {
    let workers = spans.iter().map(|span| span.worker + 1).max().unwrap_or(0);
    let mut text = String::from("worker   runs  waits  holds\n");
    for worker in 0..workers {
        let sum = |is: fn(&Doing) -> bool| -> u64 {
            let own = spans.iter().filter(|span| span.worker == worker);
            own.filter(|span| is(&span.doing)).map(Span::length).sum()
        };
        text.push_str(&format!(
            "{worker:>6} {:>6} {:>6} {:>6}\n",
            sum(|doing| matches!(doing, Doing::Run)),
            sum(|doing| matches!(doing, Doing::Wait(_))),
            sum(|doing| matches!(doing, Doing::Hold(_))),
        ));
    }
    match bottleneck(spans) {
        Some(Bottleneck {
            lock,
            waited,
            held,
            sections,
        }) => text.push_str(&format!(
            "bottleneck: `{lock}`, waited for {waited} us, held {held} us in {sections} sections\n"
        )),
        None => text.push_str("nobody waits for a lock\n"),
    }
    text
}
