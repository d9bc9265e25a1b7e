//! The event log: everything that happened, for a timeline.
//!
//! It is kept only after [`keep_log`], in memory that is set aside then. When that
//! is full, later events are counted and not kept.

use std::io::{self, Write};
use std::time::Instant;

use super::object::Object;
use super::state::{cut, state};
use super::step::{Awaited, Step, StepKind, name_of};
use super::turn;

/// The version of the log's text.
const VERSION: &str = "1";
/// How many events are kept; each has [`EVENT`] bytes.
const EVENTS: usize = 200_000;
/// How many named parts of the work are kept.
const NAMES: usize = 20_000;
/// How many objects are described.
const OBJECTS: usize = 50_000;
/// The most that a log needs, in bytes, the names of its parts included.
const EVENT: usize = size_of::<(u64, Step)>();

// With the records of 65,536 threads, some 20 MB, all of it stays below 64 MB.
const _: () = assert!(
    EVENTS * EVENT + OBJECTS * size_of::<(Object, Option<usize>)>() + NAMES * 96 <= 36 << 20
);

#[derive(Debug)]
pub(super) struct Log {
    start: Instant,
    events: Vec<(u64, Step)>,
    /// How many events came when it was full.
    lost: u64,
    objects: Vec<(Object, Option<usize>)>,
    names: Vec<Box<str>>,
}

impl Log {
    /// `at` is given by a fixed schedule; otherwise it is the time since the start.
    pub(super) fn add(&mut self, at: Option<u64>, step: Step) {
        if self.events.len() == EVENTS {
            self.lost += 1;
            return;
        }
        let nanos = || u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let at = at.unwrap_or_else(nanos);
        self.events.push((at, step));
    }

    pub(super) fn add_object(&mut self, object: Object, capacity: Option<usize>) {
        if self.objects.len() < OBJECTS {
            self.objects.push((object, capacity));
        }
    }

    /// The number of a named part of the work.
    fn add_name(&mut self, name: &str) -> u32 {
        if self.names.len() < NAMES {
            self.names.push(Box::from(cut(name)));
        }
        u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX)
    }
}

/// Keeps every event from now on.
///
/// Call it before the watched code starts.
pub fn keep_log() {
    state().log = Some(Log {
        start: Instant::now(),
        events: Vec::with_capacity(EVENTS),
        lost: 0,
        objects: Vec::new(),
        names: Vec::new(),
    });
}

/// Runs `f` as a part of the work that has a name in the timeline.
#[track_caller]
pub fn span<T>(name: &str, f: impl FnOnce() -> T) -> T {
    let place = std::panic::Location::caller();
    let opened = {
        let mut state = state();
        let number = state.log.as_mut().map(|log| log.add_name(name));
        let me = state.me();
        if let Some(number) = number {
            state.keep(me, StepKind::Opened(number), place);
        }
        number.map(|_| me)
    };
    /// Also when `f` panics.
    struct Close(Option<usize>, super::state::Place);
    impl Drop for Close {
        fn drop(&mut self) {
            if let Some(me) = self.0 {
                state().keep(me, StepKind::Closed, self.1);
            }
        }
    }
    let _close = Close(opened, place);
    f()
}

/// Writes the log as text: a line per thread, object and event, tab-separated.
/// `crates/wt-trace/src/log.rs` has the table of its lines.
///
/// # Errors
///
/// As of `out`.
pub fn write_log(out: &mut dyn Write) -> io::Result<()> {
    let state = state();
    let Some(log) = &state.log else { return Ok(()) };
    let time = if turn::is_fixed() { "ticks" } else { "nanos" };
    writeln!(out, "wt-trace\t{VERSION}\t{time}")?;
    for number in 0..state.threads.len() {
        writeln!(out, "thread\t{number}\t{}", plain(&name_of(&state, number)))?;
    }
    for (object, capacity) in &log.objects {
        let capacity = capacity.map_or(String::new(), |most| most.to_string());
        writeln!(
            out,
            "object\t{}\t{}\t{}\t{}\t{}\t{capacity}",
            object.id,
            object.kind,
            plain(object.made_at.file()),
            object.made_at.line(),
            object.made_at.column()
        )?;
    }
    for (at, step) in &log.events {
        let (word, argument) = word(log, step.kind);
        writeln!(
            out,
            "event\t{at}\t{}\t{word}\t{argument}\t{}\t{}",
            step.thread,
            plain(step.place.file()),
            step.place.line()
        )?;
    }
    writeln!(out, "lost\t{}", log.lost)
}

/// Without what has a meaning in the log.
fn plain(text: &str) -> String {
    text.replace(['\t', '\n', '\r'], " ")
}

fn word(log: &Log, kind: StepKind) -> (&'static str, String) {
    let id = |object: Object| object.id.to_string();
    match kind {
        StepKind::Locked(object) => ("lock", id(object)),
        StepKind::FoundPoisoned(object, _) => ("poisoned", id(object)),
        StepKind::Unlocked(object) => ("unlock", id(object)),
        StepKind::Missed(object) => ("miss", id(object)),
        StepKind::Slept(object) => ("sleep", id(object)),
        StepKind::Notified(object) => ("notify", id(object)),
        StepKind::NotifiedAll(object) => ("notify-all", id(object)),
        StepKind::Sent(object) => ("send", id(object)),
        StepKind::Received(object) => ("recv", id(object)),
        StepKind::Started(thread) => ("start", thread.to_string()),
        StepKind::Joined(thread) => ("join", thread.to_string()),
        StepKind::Unparked(thread) => ("unpark", thread.to_string()),
        StepKind::Began => ("begin", String::new()),
        StepKind::Ended => ("end", String::new()),
        StepKind::Wakes => ("wake", String::new()),
        StepKind::Opened(name) => {
            let name = log.names.get(name as usize);
            ("open", plain(name.map_or("", |name| name)))
        }
        StepKind::Closed => ("close", String::new()),
        StepKind::Waits(awaited) => match awaited {
            Awaited::Lock(object) => ("wait-lock", id(object)),
            Awaited::Notify(object) => ("wait-notify", id(object)),
            Awaited::Barrier(object) => ("wait-barrier", id(object)),
            Awaited::Init(object) => ("wait-init", id(object)),
            Awaited::Message(object) => ("wait-message", id(object)),
            Awaited::Room(object) => ("wait-room", id(object)),
            Awaited::End(thread) => ("wait-end", thread.to_string()),
            Awaited::Scope => ("wait-scope", String::new()),
            Awaited::Unpark => ("wait-unpark", String::new()),
            Awaited::Time => ("wait-time", String::new()),
            Awaited::Other => ("wait-other", String::new()),
        },
    }
}
