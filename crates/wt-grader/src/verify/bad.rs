//! Known-bad solutions: each names the checks that must fail, and the words.

use std::path::Path;

use crate::error::GradeError;
use crate::exploring::Exploring;
use crate::lesson::{Lesson, Mode};
use crate::mistake::{self, Mistake, Signature, redact, stem, text_path};
use crate::replay::{self, Telling};
use crate::report::{self, Style};
use crate::session::{CheckResult, LessonReport, Outcome, Session};
use crate::source::SourceSet;
use crate::verify::{Item, Options, graded, odd, shown, text_of};

/// A line of the header for checks that fail when the machine happens to hit the moment.
const MAY: &str = "//! May fail: ";
/// A line of the header for the file that keeps the interleaving of its explored check.
pub(super) const STORY: &str = "//! Story: ";

pub(super) fn examine(
    session: &Session<'_>,
    item: &Item<'_>,
    path: &Path,
    options: Options,
) -> Result<Vec<String>, GradeError> {
    let lesson = item.lesson;
    let source = match SourceSet::single(path) {
        Ok(source) => source,
        Err(rejected) => return Ok(vec![session.shown(rejected).to_string()]),
    };
    let mistake = match Mistake::parse(&stem(path), source.root()) {
        Ok(mistake) => mistake,
        Err(problem) => return Ok(vec![problem]),
    };
    let expected = &mistake.signature;
    let mut problems = Vec::new();
    if mistake.hint.as_deref().unwrap_or_default().is_empty() {
        problems.push(format!(
            "its header has no line like `//! Hint: your code does this; what follows from it?`, {}",
            "for a learner who has made this mistake"
        ));
    }
    for id in expected.keys() {
        if !lesson.checks.iter().any(|spec| spec.id == *id) {
            problems.push(format!("it names `{id}`, which is no check of this lesson"));
        }
    }
    let may_fail = listed_after(source.root(), MAY);
    let explored = |id: &String| {
        let spec = lesson.checks.iter().find(|spec| spec.id == *id);
        spec.is_some_and(|spec| spec.mode == Mode::Explore)
    };
    let exploring = match expected.keys().any(explored) {
        // Whatever the others say: this is what the first line is about.
        true => Exploring::Always,
        false => Exploring::WhenAllElseHolds,
    };
    let session = &Session {
        exploring,
        ..session.clone()
    };
    let mut reports = graded(session, item, &source, options.runs, |_, _, _| Ok(()))?;
    for report in &mut reports {
        if let Outcome::Checked { results, .. } = &mut report.outcome {
            results.retain(|result| !may_fail.contains(&result.spec.id));
            // Whether one of those failed must not decide what is said of the others.
            results.iter_mut().for_each(|result| result.hint = None);
            mistake::diagnose(lesson, results);
        }
    }
    let as_named = |report: &LessonReport| failures(report) == *expected;
    if let Some(other) = reports.iter().find(|report| !as_named(report)) {
        problems.push(format!(
            "it must fail {}, but{} it fails {}:\n{}",
            list(expected),
            odd(&reports, as_named),
            list(&failures(other)),
            text_of(other)
        ));
        return Ok(problems);
    }
    // Every run must read the same; the first that does not is shown.
    for report in &reports {
        if let Outcome::Checked { results, .. } = &report.outcome {
            let text = verdict_text(lesson, results, mistake.numbers_vary);
            if let Some(problem) = compare(session, lesson, path, &text, options)? {
                problems.push(problem);
                break;
            }
        }
    }
    if let Some(file) = listed_after(source.root(), STORY).first() {
        problems.extend(story(session, lesson, &source, &reports[0], file, options)?);
    }
    Ok(problems)
}

/// The words behind `mark` in the header, separated by commas.
fn listed_after(text: &str, mark: &str) -> Vec<String> {
    let mut header = text.lines().take_while(|line| line.starts_with("//!"));
    let list = header.find_map(|line| line.strip_prefix(mark));
    let words = list.into_iter().flat_map(|list| list.split(','));
    words.map(|word| word.trim().to_owned()).collect()
}

/// The interleaving of the first explored check that failed, told again: it must be the
/// same as the one in `file`.
fn story(
    session: &Session<'_>,
    lesson: &Lesson,
    source: &SourceSet,
    report: &LessonReport,
    file: &str,
    options: Options,
) -> Result<Vec<String>, GradeError> {
    let Outcome::Checked { results, .. } = &report.outcome else {
        return Ok(Vec::new());
    };
    let schedules = results
        .iter()
        .filter_map(|result| result.verdict.schedule.as_ref());
    let Some(schedule) = schedules.into_iter().next() else {
        return Ok(vec![format!(
            "it names the story `{file}`, but no explored check fails"
        )]);
    };
    let (spec, code) = replay::understand(session.course, lesson, &schedule.code)?;
    let replayed = replay::replay_source(session, lesson, spec, code, source.clone())?;
    let text = replay::text(&replayed, Telling::default());
    let path = session.course.root.join(file);
    compare_with(session, &path, &text, "its story", options)
        .map(|problem| problem.into_iter().collect())
}

/// The checks that did not pass, each with its word.
fn failures(report: &LessonReport) -> Signature {
    match &report.outcome {
        Outcome::Checked { results, .. } => mistake::failed(results),
        _ => report.words().into_iter().collect(),
    }
}

fn list(words: &Signature) -> String {
    if words.is_empty() {
        return String::from("nothing");
    }
    let parts: Vec<String> = words
        .iter()
        .map(|(id, word)| format!("`{id}` ({word})"))
        .collect();
    parts.join(", ")
}

/// What a learner with this mistake reads, with everything that differs from run
/// to run taken out.
fn verdict_text(lesson: &Lesson, results: &[CheckResult], numbers: bool) -> String {
    let failures =
        (results.iter()).filter(|result| !result.verdict.passed() && !result.verdict.postponed);
    let texts: Vec<String> = failures
        .map(|result| {
            let mut result = result.clone();
            // Which threads were where, and what was printed, may differ.
            result.verdict.threads.clear();
            result.verdict.steps.clear();
            result.verdict.notes.clear();
            result.verdict.output.clear();
            result.verdict.count = None;
            result.verdict.schedule = None;
            result.verdict.what = redact(&result.verdict.what, numbers);
            report::failure(lesson, &result, Style::default())
        })
        .collect();
    texts.join("\n")
}

fn compare(
    session: &Session<'_>,
    lesson: &Lesson,
    path: &Path,
    text: &str,
    options: Options,
) -> Result<Option<String>, GradeError> {
    let snapshot = text_path(lesson, &stem(path));
    compare_with(session, &snapshot, text, "its verdict", options)
}

/// A sentence if `text` is not what `snapshot` keeps.
fn compare_with(
    session: &Session<'_>,
    snapshot: &Path,
    text: &str,
    what: &str,
    options: Options,
) -> Result<Option<String>, GradeError> {
    let stored = std::fs::read_to_string(snapshot).ok();
    if stored.as_deref() == Some(text) {
        return Ok(None);
    }
    if options.bless {
        crate::files::replace(snapshot, text)?;
        return Ok(None);
    }
    let place = shown(session, snapshot);
    Ok(Some(match stored {
        None => format!("`{place}` is missing; `cargo xtask verify --bless` writes it:\n{text}"),
        Some(old) => format!(
            "{what} is not the one in `{place}`; if it is better, `cargo xtask verify --bless`\n\
             before:\n{old}now:\n{text}"
        ),
    }))
}

/// Once all texts of a lesson are written: gives each the hint that a learner would
/// see, which depends on whether another mistake looks the same.
pub(super) fn settle_hints(lesson: &Lesson) -> Result<(), GradeError> {
    let path = |mistake: &Mistake| text_path(lesson, &mistake.name);
    let texts: Vec<(Mistake, String)> = (mistake::of(lesson).into_iter())
        .filter_map(|mistake| {
            let text = std::fs::read_to_string(path(&mistake)).ok()?;
            Some((mistake, text))
        })
        .collect();
    for (mistake, text) in &texts {
        let first = (lesson.checks.iter()).find(|spec| mistake.signature.contains_key(&spec.id));
        let Some(ask) = first.map(|spec| spec.ask.as_str()) else {
            continue;
        };
        let hint = mistake::settled(mistake, &texts);
        let settled = with_question(text, hint.as_deref().unwrap_or(ask), lesson);
        if settled != *text {
            crate::files::replace(&path(mistake), &settled)?;
        }
    }
    Ok(())
}

/// A verdict text with this question in its first `next`.
fn with_question(text: &str, question: &str, lesson: &Lesson) -> String {
    let next = report::next(question, lesson, Style::default());
    let mut lines: Vec<&str> = text.lines().collect();
    if let Some(line) = lines.iter_mut().find(|line| line.starts_with("next ")) {
        *line = next.trim_end();
    }
    lines.join("\n") + "\n"
}
