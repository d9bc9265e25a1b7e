//! The last verdict on a lesson, for `check --all`: what has not changed since
//! need not be run again.
//!
//! It is kept in the work folder with a number that changes when the learner's
//! sources, the hidden checks, the kit or the compiler do. Only verdicts that the
//! code alone decides are kept.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use crate::error::GradeError;
use crate::files::{hash_tree, replace};
use crate::lesson::Lesson;
use crate::session::{LessonReport, Outcome, Session};
use crate::source::SourceSet;
use crate::verdict::Word;

/// A verdict in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Whether everything holds.
    pub passed: bool,
    /// Such as `16 of 17 properties hold`.
    pub count: String,
    /// What does not hold first; empty if all does.
    pub what: String,
}

impl Summary {
    /// The summary of a report.
    #[must_use]
    pub fn of(report: &LessonReport) -> Self {
        let (count, what) = match &report.outcome {
            Outcome::Checked { results, .. } => {
                let held = results.iter().filter(|result| result.verdict.passed());
                let failed = results.iter().find(|result| result.verdict.failed());
                (
                    format!("{} of {} properties hold", held.count(), results.len()),
                    failed.map_or_else(String::new, |result| {
                        let what = result.verdict.what.lines().next().unwrap_or_default();
                        format!("{}: {}: {what}", result.spec.id, result.verdict.word)
                    }),
                )
            }
            Outcome::Rejected(rejected) => (Word::Rejected.to_string(), rejected.to_string()),
            Outcome::DidNotCompile(found) | Outcome::DoesNotFit(found) => {
                let codes: Vec<&str> = found.codes.iter().map(String::as_str).collect();
                (found.word().to_string(), codes.join(", "))
            }
            Outcome::GaveUp(_) => (Word::CompilerGaveUp.to_string(), String::new()),
        };
        Self {
            passed: report.passed(),
            count,
            what: crate::report::harmless(&what).replace('\n', " "),
        }
    }

    /// What was kept of the last check of `lesson`, if nothing has changed since.
    #[must_use]
    pub fn kept(session: &Session<'_>, lesson: &Lesson) -> Option<Self> {
        let key = key(session, lesson)?;
        let text = std::fs::read_to_string(path(session, lesson)).ok()?;
        let mut lines = text.lines();
        if lines.next()? != key.to_string() {
            return None;
        }
        Some(Self {
            passed: lines.next()? == "passed",
            count: lines.next()?.to_owned(),
            what: lines.next().unwrap_or_default().to_owned(),
        })
    }

    /// Checks `lesson` and keeps the summary, if the code alone decided it.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if there can be no verdict.
    pub fn check(
        session: &Session<'_>,
        lesson: &Lesson,
    ) -> Result<(Self, LessonReport), GradeError> {
        // Asked first: a save while the check runs makes the verdict an old one.
        let key = key(session, lesson);
        let report = session.check(lesson)?;
        let summary = Self::of(&report);
        let path = path(session, lesson);
        match key.filter(|_| decided(&report)) {
            Some(key) => {
                let state = if summary.passed { "passed" } else { "failed" };
                let text = format!("{key}\n{state}\n{}\n{}\n", summary.count, summary.what);
                replace(&path, &text)?;
            }
            None => {
                let _ = std::fs::remove_file(&path);
            }
        }
        Ok((summary, report))
    }
}

/// Whether another run on the same machine would have to say the same.
fn decided(report: &LessonReport) -> bool {
    match &report.outcome {
        Outcome::Checked { results, .. } => results.iter().all(|result| {
            let open = matches!(result.verdict.word, Word::Inconclusive | Word::GraderFault);
            !open || result.verdict.postponed
        }),
        Outcome::GaveUp(_) => false,
        _ => true,
    }
}

fn path(session: &Session<'_>, lesson: &Lesson) -> PathBuf {
    let work = session.course.work_folder();
    work.join("checked").join(&lesson.folder)
}

/// `None` if the sources cannot be read as a solution.
fn key(session: &Session<'_>, lesson: &Lesson) -> Option<u64> {
    let source = SourceSet::read(&lesson.exercise.join("src")).ok()?;
    let mut hasher = DefaultHasher::new();
    session.kit.stamp.hash(&mut hasher);
    source.files.hash(&mut hasher);
    std::fs::read(lesson.exercise.join("lesson.toml"))
        .ok()
        .hash(&mut hasher);
    hash_tree(&lesson.solution().join("hidden"), &mut hasher).ok()?;
    Some(hasher.finish())
}
