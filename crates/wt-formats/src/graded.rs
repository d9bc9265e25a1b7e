//! What one command graded.

use std::borrow::Cow;
use std::time::Duration;

use wt_grader::session::{CheckResult, Outcome};
use wt_grader::transcript::Place;
use wt_grader::verdict::Verdict;
use wt_grader::{GradeError, LessonReport, Word};

use crate::points::Points;

/// The exit codes of `cargo xtask check`; scripts rely on them.
pub mod exit {
    /// Every property holds.
    pub const PASSED: u8 = 0;
    /// A property does not, or could not be judged.
    pub const FAILED: u8 = 1;
    /// The command line asks for something that does not exist.
    pub const USAGE: u8 = 2;
    /// The grader broke.
    pub const FAULT: u8 = 3;
    /// Ctrl-C.
    pub const INTERRUPTED: u8 = wt_grader::cancel::EXIT_CODE as u8;
}

/// The lessons that one command graded, in their order.
#[derive(Debug)]
pub struct Graded {
    /// The course's title.
    pub course: String,
    /// The lessons that have a report.
    pub reports: Vec<LessonReport>,
    /// Why the lesson after those has none.
    pub error: Option<GradeError>,
    /// How long all of it took.
    pub took: Duration,
    /// The course's folder in the repository, such as `course/`; empty if it is
    /// the repository. GitHub wants paths from there.
    pub prefix: String,
}

/// How a lesson stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Every property holds.
    Passed,
    /// A property does not hold.
    Failed,
    /// No property is known to fail, but not all could be judged.
    NotJudged,
}

impl Graded {
    /// The exit code of `cargo xtask check` for these lessons.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.error.is_some() || self.reports.iter().any(LessonReport::has_fault) {
            exit::FAULT
        } else if self.reports.iter().all(LessonReport::passed) {
            exit::PASSED
        } else {
            exit::FAILED
        }
    }

    /// The points of all lessons.
    #[must_use]
    pub fn points(&self) -> Points {
        self.reports.iter().map(Points::of_lesson).sum()
    }
}

impl State {
    /// Of a lesson.
    #[must_use]
    pub fn of(report: &LessonReport) -> Self {
        if report.passed() {
            Self::Passed
        } else if results(report)
            .iter()
            .any(|result| costs(result.verdict.word))
        {
            Self::Failed
        } else {
            Self::NotJudged
        }
    }

    /// As the documents have it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotJudged => "not judged",
        }
    }
}

/// Whether a word counts against the code.
#[must_use]
pub fn costs(word: Word) -> bool {
    !matches!(word, Word::Pass | Word::Inconclusive | Word::GraderFault)
}

/// A result for every check of the lesson; where none was run, the word alone.
#[must_use]
pub fn results(report: &LessonReport) -> Cow<'_, [CheckResult]> {
    if let Outcome::Checked { results, .. } = &report.outcome {
        return Cow::Borrowed(results);
    }
    let specs = report.lesson.checks.iter().cloned();
    let words = report.words().into_iter();
    let unrun = specs.zip(words).map(|(spec, (_, word))| CheckResult {
        item: Some(spec.look_at.clone()),
        spec,
        verdict: Verdict::new(word, ""),
        place: None,
        hint: None,
    });
    Cow::Owned(unrun.collect())
}

/// The first line of the learner's code that rustc's words point at.
#[must_use]
pub fn first_place(report: &LessonReport, rendered: &str) -> Option<Place> {
    let prefix = report.lesson.source_prefix();
    rendered.lines().find_map(|line| {
        let mut parts = line.trim_start().strip_prefix("--> ")?.rsplitn(3, ':');
        let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Place {
            file: file.starts_with(&prefix).then(|| file.to_owned())?,
            line: line.parse().ok()?,
        })
    })
}
