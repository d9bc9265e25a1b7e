//! Grades every submission of a class, on wt-core's own pool.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use wt_core::pool::Pool;
use wt_formats::text::{cut, plain};
use wt_grader::limits::TimeLimits;
use wt_grader::report::{self, Style};
use wt_grader::session::{CheckResult, Outcome};
use wt_grader::source::SourceSet;
use wt_grader::{Course, GradeError, Lesson, LessonReport, Session, Word};

use crate::book::{CHECKED, CheckVerdict};
use crate::digest::Sum;
use crate::journal::Entry;
use crate::layout::Submission;
use crate::reading::{ClassFolder, fingerprint};

/// The most bytes of one text that is kept.
const KEPT: usize = 8 << 10;

/// Everything that grading a class needs.
pub struct Class<'a> {
    /// The compiler, the kit, the jail.
    pub session: &'a Session<'a>,
    /// What is graded.
    pub lesson: &'a Lesson,
    /// How long a check may take.
    pub limits: &'a TimeLimits,
    /// Where the submissions are.
    pub folder: &'a ClassFolder,
    /// What the random seeds follow from.
    pub seed: u64,
}

/// Grades those of `submissions` that `known` does not have as they are now; `record` is
/// called with each entry, in any order, on this thread.
///
/// Blocks until all are graded.
///
/// # Errors
///
/// The first of `record`, [`GradeError::Cancelled`] after Ctrl-C, or what keeps the grader
/// from working at all. A fault that concerns one submission is its verdict.
pub fn grade_all(
    class: &Class<'_>,
    submissions: &[&Submission],
    known: &HashMap<String, Entry>,
    jobs: usize,
    mut record: impl FnMut(&Submission, Entry, bool) -> Result<(), GradeError>,
) -> Result<(), GradeError> {
    let pool = Pool::builder()
        .name("grade")
        .workers(jobs)
        .build()
        .map_err(|error| GradeError::Fault(format!("cannot start the graders: {error}")))?;
    let next = AtomicUsize::new(0);
    let (tx, graded) = mpsc::sync_channel(jobs);
    pool.scope(|scope| {
        for _ in 0..jobs {
            let (tx, next) = (tx.clone(), &next);
            scope.spawn(move || {
                // It ends when there is nothing left, and when nobody wants it any more.
                while let Some(submission) = submissions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let entry = one(class, submission, known);
                    if tx.send((*submission, entry)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tx);
        let mut result = Ok(());
        while let Ok((submission, entry)) = graded.recv() {
            result = entry.and_then(|(entry, is_new)| record(submission, entry, is_new));
            if result.is_err() {
                break;
            }
        }
        drop(graded);
        result
    })
}

/// The entry of one submission, and whether it was graded now.
fn one(
    class: &Class<'_>,
    submission: &Submission,
    known: &HashMap<String, Entry>,
) -> Result<(Entry, bool), GradeError> {
    let source = match class.folder.read(submission, class.lesson) {
        Ok(source) => source,
        Err(rejected) => {
            let said = plain(&rejected.to_string());
            return Ok((
                whole(class, submission, String::new(), Word::Rejected, said),
                true,
            ));
        }
    };
    let sum = fingerprint(&source);
    if let Some(entry) = known.get(&submission.name)
        && entry.source == sum
        && !entry.has_fault()
    {
        return Ok((about(submission, entry.clone()), false));
    }
    let mut session = class.session.clone();
    session.seed = Some(seed(class.seed, &sum));
    match session.grade(class.lesson, &source, class.limits) {
        Ok(report) => Ok((entry_of(class, submission, sum, &source, &report), true)),
        // It stops nothing but this one, which the next run tries again.
        Err(GradeError::Fault(why)) if !wt_grader::cancel::is_cancelled() => Ok((
            whole(class, submission, sum, Word::GraderFault, plain(&why)),
            true,
        )),
        Err(error) => Err(error),
    }
}

/// The same code has the same seed on every machine, and none can tell it without having
/// the code.
fn seed(class: u64, source: &str) -> u64 {
    let mut sum = Sum::default();
    sum.part(&class.to_le_bytes());
    sum.part(source.as_bytes());
    sum.number()
}

/// The same word for every check.
fn whole(
    class: &Class<'_>,
    submission: &Submission,
    source: String,
    word: Word,
    said: String,
) -> Entry {
    let verdict = CheckVerdict {
        word: word.text().into(),
        what: String::new(),
        place: String::new(),
        ask: String::new(),
        known_mistake: false,
        tier: "B".into(),
    };
    let entry = Entry {
        source,
        outcome: word.text().into(),
        said: cut(&said, KEPT),
        verdicts: vec![verdict; class.lesson.checks.len()],
        ..Entry::default()
    };
    about(submission, entry)
}

/// With whose it is, and when it was handed in.
fn about(submission: &Submission, entry: Entry) -> Entry {
    Entry {
        submission: submission.name.clone(),
        learner: submission.learner.clone(),
        handed_in: submission
            .handed_in
            .map(|time| time.to_string())
            .unwrap_or_default(),
        duplicate: submission.duplicate,
        ..entry
    }
}

fn entry_of(
    class: &Class<'_>,
    submission: &Submission,
    sum: String,
    source: &SourceSet,
    report: &LessonReport,
) -> Entry {
    if let Outcome::Checked { results, .. } = &report.outcome {
        let entry = Entry {
            source: sum,
            outcome: CHECKED.into(),
            said: String::new(),
            verdicts: results
                .iter()
                .map(|result| verdict(class.lesson, result))
                .collect(),
            ..Entry::default()
        };
        return about(submission, entry);
    }
    if let Outcome::DoesNotFit(_) = report.outcome
        && let Some(other) = meant_for(class.session.course, class.lesson, source)
    {
        let said = format!(
            "src/lib.rs is for lesson {:02}, {}, and this is {:02}",
            other.number, other.idea, class.lesson.number
        );
        return whole(class, submission, sum, Word::Rejected, said);
    }
    let words = report.words();
    let word = words.first().map_or(Word::GraderFault, |(_, word)| *word);
    let said = report::lesson(report, None, Style::default());
    whole(class, submission, sum, word, plain(&said))
}

/// The lesson whose items `source` defines, all of them, if it has none of this one's.
fn meant_for<'c>(course: &'c Course, lesson: &Lesson, source: &SourceSet) -> Option<&'c Lesson> {
    let names = |lesson: &Lesson| -> Vec<String> {
        lesson
            .checks
            .iter()
            .map(|spec| spec.look_at.clone())
            .collect()
    };
    let defines = |item: &String| source.line_of(item).is_some();
    if names(lesson).iter().any(defines) {
        return None;
    }
    course
        .lessons
        .iter()
        .find(|other| other.id != lesson.id && names(other).iter().all(defines))
}

fn verdict(lesson: &Lesson, result: &CheckResult) -> CheckVerdict {
    let passed = result.verdict.passed();
    let place = match &result.place {
        Some(place) if !passed => format!(
            "{}:{}",
            Path::new(&place.file)
                .strip_prefix(lesson.source_prefix().trim_end_matches("/src"))
                .unwrap_or(Path::new(&place.file))
                .display(),
            place.line
        ),
        _ => String::new(),
    };
    CheckVerdict {
        word: result.verdict.word.text().into(),
        what: match passed {
            true => String::new(),
            false => cut(&plain(&result.verdict.what), KEPT),
        },
        place,
        ask: match passed {
            true => String::new(),
            false => plain(&result.advice(lesson)),
        },
        known_mistake: result.hint.is_some() && !passed,
        tier: result.verdict.tier.to_string(),
    }
}
