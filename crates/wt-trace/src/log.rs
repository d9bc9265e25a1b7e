//! Reads what a scenario's program has written.
//!
//! | Line | Fields (tab-separated) |
//! | --- | --- |
//! | `wt-trace` | format version, `ticks` or `nanos`; always first |
//! | `thread` | number, name |
//! | `object` | id, kind, file, line, column, a channel's capacity or nothing |
//! | `event` | time, thread, word, argument, file, line |
//! | `lost` | how many events came when the log was full |
//! | `stuck` | thread's name, what it waits for, file, line |
//! | `outcome` | word, what happened, file, line; always last |
//!
//! `crates/wt-sync/src/record/log.rs` writes the events and `wt-check`'s `trace.rs`
//! the rest. An event's argument is an object's id, a thread's number or a name.

use std::fmt;

/// The format that this reader understands.
const VERSION: &str = "1";

/// How time is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A fixed schedule: each event takes one.
    Ticks,
    /// Nanoseconds.
    Nanos,
}

/// A whole log.
#[derive(Debug, Clone)]
pub struct Log {
    /// How time is counted.
    pub unit: Unit,
    /// By number.
    pub threads: Vec<String>,
    /// In any order.
    pub objects: Vec<Object>,
    /// In the order in which they were written down.
    pub events: Vec<Event>,
    /// How many events are missing at the end.
    pub lost: u64,
    /// Who waits for ever, in a deadlock.
    pub stuck: Vec<Stuck>,
    /// How it ended.
    pub outcome: Outcome,
}

/// A lock, a condition, a barrier, a cell or a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its number.
    pub id: u32,
    /// Such as `Mutex`.
    pub kind: String,
    /// Where it was made.
    pub made_at: Place,
    /// The column there, from 1.
    pub column: usize,
    /// Of a bounded channel.
    pub capacity: Option<usize>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// As the compiler was told.
    pub file: String,
    /// From 1.
    pub line: usize,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: u64,
    /// To which thread.
    pub thread: usize,
    /// What.
    pub what: What,
    /// Where.
    pub place: Place,
}

/// What happened. A number is an object's id or a thread's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum What {
    Began,
    Ended,
    Started(usize),
    Joined(usize),
    Unparked(usize),
    Locked(u32),
    Poisoned(u32),
    Missed(u32),
    Unlocked(u32),
    Slept(u32),
    Notified(u32),
    NotifiedAll(u32),
    Sent(u32),
    Received(u32),
    Waits(Awaited),
    Wakes,
    Opened(String),
    Closed,
}

/// What a thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum Awaited {
    Lock(u32),
    Notify(u32),
    Barrier(u32),
    Init(u32),
    Message(u32),
    Room(u32),
    End(usize),
    Scope,
    Unpark,
    Time,
    Other,
}

/// A thread that waits for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// Its name.
    pub thread: String,
    /// In words.
    pub waits_for: String,
    /// Where.
    pub place: Place,
}

/// How a scenario ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// `done`, `panicked`, `deadlock`, `unfixed` or `hung`.
    pub word: String,
    /// What happened, in words.
    pub what: String,
    /// Where, if that is known.
    pub place: Place,
}

/// A line that does not belong into a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// From 1; one more than there are if the end is missing.
    pub line: usize,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {} of the log is not one of this version's",
            self.line
        )
    }
}

impl std::error::Error for BadLine {}

impl Log {
    /// Reads a log.
    ///
    /// # Errors
    ///
    /// [`BadLine`] names the first line that does not belong there.
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        let mut lines = text.lines().enumerate();
        let unit = match lines.next().map(|(_, line)| fields(line)).as_deref() {
            Some(["wt-trace", VERSION, "ticks"]) => Unit::Ticks,
            Some(["wt-trace", VERSION, "nanos"]) => Unit::Nanos,
            _ => return Err(BadLine { line: 1 }),
        };
        let mut log = Self {
            unit,
            threads: Vec::new(),
            objects: Vec::new(),
            events: Vec::new(),
            lost: 0,
            stuck: Vec::new(),
            outcome: Outcome {
                word: String::new(),
                what: String::new(),
                place: Place::default(),
            },
        };
        let mut last = 1;
        for (n, line) in lines {
            last = n + 1;
            let ended = !log.outcome.word.is_empty();
            if ended || log.add(&fields(line)).is_none() {
                return Err(BadLine { line: n + 1 });
            }
        }
        if log.outcome.word.is_empty() {
            return Err(BadLine { line: last + 1 });
        }
        Ok(log)
    }

    fn add(&mut self, fields: &[&str]) -> Option<()> {
        match *fields {
            ["event", at, thread, word, argument, file, line] => {
                let thread: usize = thread.parse().ok()?;
                self.threads.get(thread)?;
                self.events.push(Event {
                    at: at.parse().ok()?,
                    thread,
                    what: self.what(word, argument)?,
                    place: place(file, line)?,
                });
            }
            ["thread", number, name] => {
                (number.parse() == Ok(self.threads.len())).then_some(())?;
                self.threads.push(name.to_owned());
            }
            ["object", id, kind, file, line, column, capacity] => self.objects.push(Object {
                id: id.parse().ok()?,
                kind: kind.to_owned(),
                made_at: place(file, line)?,
                column: column.parse().ok()?,
                capacity: match capacity {
                    "" => None,
                    number => Some(number.parse().ok()?),
                },
            }),
            ["lost", count] => self.lost = count.parse().ok()?,
            ["stuck", thread, waits_for, file, line] => self.stuck.push(Stuck {
                thread: thread.to_owned(),
                waits_for: waits_for.to_owned(),
                place: place(file, line)?,
            }),
            ["outcome", word, what, file, line] if !word.is_empty() => {
                self.outcome = Outcome {
                    word: word.to_owned(),
                    what: what.to_owned(),
                    place: place(file, line)?,
                };
            }
            _ => return None,
        }
        Some(())
    }

    fn what(&self, word: &str, argument: &str) -> Option<What> {
        let id = || argument.parse::<u32>().ok();
        let thread = || {
            let number = argument.parse::<usize>().ok()?;
            (number < self.threads.len()).then_some(number)
        };
        Some(match word {
            "begin" => What::Began,
            "end" => What::Ended,
            "start" => What::Started(thread()?),
            "join" => What::Joined(thread()?),
            "unpark" => What::Unparked(thread()?),
            "lock" => What::Locked(id()?),
            "poisoned" => What::Poisoned(id()?),
            "miss" => What::Missed(id()?),
            "unlock" => What::Unlocked(id()?),
            "sleep" => What::Slept(id()?),
            "notify" => What::Notified(id()?),
            "notify-all" => What::NotifiedAll(id()?),
            "send" => What::Sent(id()?),
            "recv" => What::Received(id()?),
            "wake" => What::Wakes,
            "open" => What::Opened(argument.to_owned()),
            "close" => What::Closed,
            wait => What::Waits(match wait.strip_prefix("wait-")? {
                "lock" => Awaited::Lock(id()?),
                "notify" => Awaited::Notify(id()?),
                "barrier" => Awaited::Barrier(id()?),
                "init" => Awaited::Init(id()?),
                "message" => Awaited::Message(id()?),
                "room" => Awaited::Room(id()?),
                "end" => Awaited::End(thread()?),
                "scope" => Awaited::Scope,
                "unpark" => Awaited::Unpark,
                "time" => Awaited::Time,
                "other" => Awaited::Other,
                _ => return None,
            }),
        })
    }
}

fn fields(line: &str) -> Vec<&str> {
    line.split('\t').collect()
}

fn place(file: &str, line: &str) -> Option<Place> {
    Some(Place {
        file: file.to_owned(),
        line: line.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "wt-trace\t1\tticks\nthread\t0\tmain\nobject\t1\tMutex\tsrc/lib.rs\t3\t9\t\n\
        event\t0\t0\tlock\t1\tsrc/lib.rs\t4\nlost\t0\noutcome\tdone\t\t\t0\n";

    #[test]
    fn a_whole_log_is_read() {
        let log = Log::parse(WHOLE).unwrap();
        assert_eq!(log.unit, Unit::Ticks);
        assert_eq!(log.threads, ["main"]);
        assert_eq!(log.events[0].what, What::Locked(1));
        assert_eq!(log.outcome.word, "done");
    }

    #[test]
    fn a_line_that_does_not_belong_there_is_named() {
        let bad = |text: &str| Log::parse(text).unwrap_err().line;
        assert_eq!(bad(""), 1);
        assert_eq!(bad("wt-trace\t2\tticks\n"), 1);
        assert_eq!(bad(&WHOLE.replace("event\t0\t0", "event\t0\t7")), 4);
        assert_eq!(bad(&WHOLE.replace("lock\t1", "lock\tx")), 4);
        assert_eq!(bad(&format!("{WHOLE}lost\t0\n")), 7);
        let (cut, _) = WHOLE.split_once("outcome").unwrap();
        assert_eq!(bad(cut), 6);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic() {
        let mut rng = fastrand::Rng::with_seed(4);
        for _ in 0..20_000 {
            let mut bytes = WHOLE.as_bytes().to_vec();
            for _ in 0..rng.usize(1..5) {
                let at = rng.usize(..bytes.len());
                match rng.u8(..3) {
                    0 => bytes[at] = rng.u8(..128),
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, *rng.choice(b"\t\n09").unwrap()),
                }
            }
            if let Ok(log) = Log::parse(&String::from_utf8_lossy(&bytes)) {
                let timeline = crate::Timeline::new(&log, &Default::default());
                let _ = (
                    crate::svg::document(&timeline),
                    crate::text::page(&timeline),
                );
                let _ = crate::chrome::document(&timeline);
            }
        }
    }
}
