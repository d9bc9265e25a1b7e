//! The verdict on one check.

use std::fmt;
use std::time::Duration;

use crate::transcript::{Count, Place, Thread, Told};

/// One word per check, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// The property holds.
    Pass,
    /// The property does not hold.
    Wrong,
    /// rustc found errors.
    DidNotCompile,
    /// rustc crashed or passed a limit on this source.
    CompilerGaveUp,
    /// The process ended without the closing line.
    EndedEarly,
    /// The checked code panicked where the caller stood.
    Panicked,
    /// A signal ended the process.
    Crashed,
    /// Nothing happened any more, or not in time.
    Hung,
    /// A cycle of waits was found.
    Deadlock,
    /// Too much memory, output or too many threads.
    OverLimit,
    /// The lesson's rules forbid it.
    NotAllowed,
    /// The source was not accepted at all.
    Rejected,
    /// This machine cannot tell.
    Inconclusive,
    /// The grader broke; costs no points.
    GraderFault,
}

const WORDS: [(Word, &str); 14] = [
    (Word::Pass, "pass"),
    (Word::Wrong, "wrong"),
    (Word::DidNotCompile, "did not compile"),
    (Word::CompilerGaveUp, "compiler gave up"),
    (Word::EndedEarly, "ended early"),
    (Word::Panicked, "panicked"),
    (Word::Crashed, "crashed"),
    (Word::Hung, "hung"),
    (Word::Deadlock, "deadlock"),
    (Word::OverLimit, "over limit"),
    (Word::NotAllowed, "not allowed"),
    (Word::Rejected, "rejected"),
    (Word::Inconclusive, "inconclusive"),
    (Word::GraderFault, "grader fault"),
];

impl Word {
    /// The word in a report.
    #[must_use]
    pub fn text(self) -> &'static str {
        WORDS
            .iter()
            .find(|(word, _)| *word == self)
            .map_or("grader fault", |(_, text)| text)
    }

    /// The word that `text` is.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|(_, own)| *own == text)
            .map(|(word, _)| *word)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// How far a pass can be trusted when the code is a stranger's. THREATS in the
/// instructor's guide explains the tiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The answer was compared outside the process: forging it is solving it.
    A,
    /// The process judged itself: safe Rust cannot forge it.
    B,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

/// The verdict, with what is needed to explain it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The word.
    pub word: Word,
    /// What happened, as one clause; more lines may follow.
    pub what: String,
    /// The line to look at, if the run itself tells.
    pub place: Option<Place>,
    /// Who waited for what, after a hang.
    pub threads: Vec<Thread>,
    /// The last things that happened before a deadlock, oldest first.
    pub steps: Vec<String>,
    /// More sentences: panics on other threads, for instance.
    pub notes: Vec<String>,
    /// What the program printed.
    pub output: String,
    /// How it was judged.
    pub tier: Tier,
    /// How long the check ran.
    pub took: Duration,
    /// What an exploration tried.
    pub count: Option<Count>,
    /// The schedule that went wrong.
    pub schedule: Option<Schedule>,
    /// Whether it was not tried because other checks do not pass yet.
    pub postponed: bool,
}

/// A schedule that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// A letter and a number, as the harness knows it.
    pub name: String,
    /// What `replay` knows it by; empty until it is made.
    pub code: String,
    /// All that happened.
    pub story: Vec<Told>,
}

impl Verdict {
    /// A verdict without details.
    #[must_use]
    pub fn new(word: Word, what: impl Into<String>) -> Self {
        Self {
            word,
            what: what.into(),
            place: None,
            threads: Vec::new(),
            steps: Vec::new(),
            notes: Vec::new(),
            output: String::new(),
            tier: Tier::B,
            took: Duration::ZERO,
            count: None,
            schedule: None,
            postponed: false,
        }
    }

    /// Of a check that waits for the others to pass.
    #[must_use]
    pub fn postponed() -> Self {
        Self {
            postponed: true,
            ..Self::new(
                Word::Inconclusive,
                "not tried yet: it is run once all other checks pass",
            )
        }
    }

    /// Whether the property holds.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.word == Word::Pass
    }

    /// Whether it counts against the code: what this machine cannot judge does not.
    #[must_use]
    pub fn failed(&self) -> bool {
        !matches!(self.word, Word::Pass | Word::Inconclusive)
    }
}
