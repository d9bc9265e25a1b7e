//! Time limits that fit the machine: scaled from the reference solution's run.
//!
//! The reference is graded at most once per machine, compiler and kit; what its checks
//! took is kept in a small text file. A check may take many times as long,
//! within fixed bounds. A learner edition has no reference, and brings along what
//! the reference took where the edition was made.
//!
//! As long as the reference has not been graded, the upper bound is the limit. That
//! matters only to a check that runs into it, so a learner's first verdict does not
//! wait for the reference: it is graded after the first check that took
//! long, or whose program does not compile.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::GradeError;
use crate::exploring::Exploring;
use crate::files::replace;
use crate::lesson::Lesson;
use crate::session::{Outcome, Session};
use crate::source::SourceSet;

/// How many times as long as the reference a check may take.
const FACTOR: u32 = 50;
/// No check has more.
const MOST: Duration = Duration::from_secs(10);

/// The time limit of every check of a lesson.
#[derive(Debug, Clone, Default)]
pub struct TimeLimits {
    taken: BTreeMap<String, Duration>,
}

impl TimeLimits {
    /// The file in a pack that has what the reference took.
    pub const SHIPPED: &str = "times";
    /// No check has less time than this, however fast the reference is.
    pub const LEAST: Duration = Duration::from_secs(5);

    /// The limit of the check called `id`.
    #[must_use]
    pub fn of(&self, id: &str) -> Duration {
        self.taken
            .get(id)
            .map_or(MOST, |taken| (*taken * FACTOR).clamp(Self::LEAST, MOST))
    }

    /// The limits for a lesson as far as they are known: from the file, from the pack,
    /// or else the upper bounds.
    #[must_use]
    pub fn known(session: &Session<'_>, lesson: &Lesson) -> Self {
        let Ok(source) = SourceSet::read(&lesson.solution().join("src")) else {
            return Self::shipped(lesson);
        };
        let key = key(session.kit.stamp, &source, lesson);
        Self::stored(&file(session, lesson), key).unwrap_or_default()
    }

    /// Whether nothing is known of how long the reference takes.
    #[must_use]
    pub fn are_upper_bounds(&self) -> bool {
        self.taken.is_empty()
    }

    /// The limits for a lesson on this machine, from the file or by grading the
    /// reference now.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if the reference is there and cannot be graded. A reference
    /// that does not pass gives the upper bound.
    pub fn measured(session: &Session<'_>, lesson: &Lesson) -> Result<Self, GradeError> {
        let Ok(source) = SourceSet::read(&lesson.solution().join("src")) else {
            return Ok(Self::shipped(lesson));
        };
        let path = file(session, lesson);
        let key = key(session.kit.stamp, &source, lesson);
        if let Some(limits) = Self::stored(&path, key) {
            return Ok(limits);
        }
        // What is explored has the upper bound anyway, and nobody's first verdict waits
        // for its kit.
        let session = &Session {
            exploring: Exploring::Never,
            ..session.clone()
        };
        let report = session.grade(lesson, &source, &Self::default())?;
        let Outcome::Checked { results, .. } = &report.outcome else {
            return Err(GradeError::Course(format!(
                "the hidden checks of `{}` do not work with its own solution; `cargo xtask verify {:02}` says why",
                lesson.folder, lesson.number
            )));
        };
        let passed = results.iter().filter(|result| result.verdict.passed());
        let limits = Self {
            taken: passed
                .map(|result| (result.spec.id.clone(), result.verdict.took))
                .collect(),
        };
        limits.store(&path, key)?;
        Ok(limits)
    }

    fn stored(path: &Path, key: u64) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(path).ok()?, key)
    }

    fn parse(text: &str, key: u64) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != key.to_string() {
            return None;
        }
        Some(Self {
            taken: lines.map(read_line).collect::<Option<_>>()?,
        })
    }

    /// The text of the file [`SHIPPED`](Self::SHIPPED). A check that is so fast
    /// that it gets the lower bound has no part in what the machine was like, so
    /// its time does not matter.
    #[must_use]
    pub fn to_ship(&self) -> String {
        let line = |(id, taken): (&String, &Duration)| {
            let taken = (*taken).max(Self::LEAST / FACTOR);
            format!("{id} {}\n", taken.as_micros())
        };
        self.taken.iter().map(line).collect()
    }

    fn shipped(lesson: &Lesson) -> Self {
        let path = lesson.solution().join(Self::SHIPPED);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        Self {
            taken: text.lines().filter_map(read_line).collect(),
        }
    }

    fn store(&self, path: &Path, key: u64) -> Result<(), GradeError> {
        let mut text = format!("{key}\n");
        for (id, taken) in &self.taken {
            text.push_str(&format!("{id} {}\n", taken.as_micros()));
        }
        replace(path, &text)
    }
}

/// Where the times of a lesson's reference are kept.
fn file(session: &Session<'_>, lesson: &Lesson) -> PathBuf {
    let folder = session.course.work_folder().join("limits");
    folder.join(&lesson.folder)
}

/// `id microseconds`
fn read_line(line: &str) -> Option<(String, Duration)> {
    let (id, micros) = line.split_once(' ')?;
    Some((id.to_owned(), Duration::from_micros(micros.parse().ok()?)))
}

fn key(stamp: u64, source: &SourceSet, lesson: &Lesson) -> u64 {
    let mut hasher = DefaultHasher::new();
    stamp.hash(&mut hasher);
    source.files.hash(&mut hasher);
    std::fs::read(lesson.solution().join("hidden/checks.rs"))
        .unwrap_or_default()
        .hash(&mut hasher);
    hasher.finish()
}
