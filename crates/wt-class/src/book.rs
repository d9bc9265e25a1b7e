//! The gradebook: what the journal says, sorted, with points.
//!
//! Everything in it follows from the submissions, the course and the rules. No time and
//! no order of grading is in it, so that two runs over one class give the same bytes.

use serde::{Deserialize, Serialize};
use wt_grader::Word;

/// The outcome of a submission whose checks were run; otherwise it is a verdict word.
pub const CHECKED: &str = "checked";

/// The grades of a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Book {
    /// The course's title.
    pub course: String,
    /// The lesson's number, such as 3.
    pub number: u32,
    /// The lesson's folder, such as `03-bounded-queue`.
    pub lesson: String,
    /// The lesson's title.
    pub title: String,
    /// The properties, in the lesson's order.
    pub checks: Vec<Property>,
    /// The compiler, as it names itself.
    pub compiler: String,
    /// The rules in words, such as `after 2026-11-20T23:59:00Z 10 % a day are taken off`.
    pub rules: Vec<String>,
    /// What encloses the submissions, in words.
    pub defences: Vec<String>,
    /// Which of them were missing; empty on a machine that is fit for strangers' code.
    pub missing: Vec<String>,
    /// One per submission, sorted by name.
    pub rows: Vec<Row>,
}

/// One property of the lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// Such as `push_waits_while_full`.
    pub id: String,
    /// The property, as one clause.
    pub claim: String,
    /// What it is worth.
    pub points: u32,
}

/// One submission and its grade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The folder or file, as it is called; unique. May hold any character.
    pub submission: String,
    /// Whose it is, from the layout; the submission's name where it does not tell.
    pub learner: String,
    /// Two submissions of one learner: which of them counts is the instructor's affair.
    pub duplicate: bool,
    /// SHA-256 of the files that were graded, in hexadecimal; empty if none was read.
    pub source: String,
    /// What came of it, before the checks: [`CHECKED`], or the word for all of them.
    pub outcome: String,
    /// What a learner reads about that outcome: rustc's words, or why it was rejected.
    pub said: String,
    /// A verdict per property, in the book's order.
    pub verdicts: Vec<CheckVerdict>,
    /// When it was handed in, in UTC; empty if that is not known.
    pub handed_in: String,
    /// The points of the properties that hold.
    pub earned: f64,
    /// What was taken off for being late.
    pub late: f64,
    /// What counts: earned less late, or what an override says.
    pub points: f64,
    /// With every property.
    pub possible: u32,
    /// Why the points are not the ones that were earned; empty if they are.
    pub note: String,
}

impl Row {
    /// Whether its checks were run.
    #[must_use]
    pub fn was_checked(&self) -> bool {
        self.outcome == CHECKED
    }

    /// Whether every property holds.
    #[must_use]
    pub fn has_all(&self) -> bool {
        let mut words = self.verdicts.iter().map(CheckVerdict::word);
        words.all(|word| word == Word::Pass)
    }

    /// Whether the grader, and not the code, is the reason for a missing verdict.
    #[must_use]
    pub fn has_fault(&self) -> bool {
        let mut words = self.verdicts.iter().map(CheckVerdict::word);
        words.any(|word| word == Word::GraderFault)
    }
}

/// The verdict on one property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckVerdict {
    /// A verdict word, such as `wrong`.
    pub word: String,
    /// What happened, as a learner reads it; a few lines. Empty for a pass.
    pub what: String,
    /// The line to look at, such as `src/lib.rs:41`; empty where none is known.
    pub place: String,
    /// The hint of the known mistake, or the property's question; empty for a pass.
    pub ask: String,
    /// Whether the hint is that of a known mistake.
    pub known_mistake: bool,
    /// `A` or `B`: how far a pass can be trusted.
    pub tier: String,
}

impl CheckVerdict {
    /// The word.
    #[must_use]
    pub fn word(&self) -> Word {
        Word::parse(&self.word).unwrap_or(Word::GraderFault)
    }
}
