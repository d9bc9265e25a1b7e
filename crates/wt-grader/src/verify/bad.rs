//! Known-bad solutions: each names the checks that must fail, and the words.

use std::path::Path;

use crate::error::GradeError;
use crate::lesson::Lesson;
use crate::mistake::{self, Mistake, Signature, redact, stem, text_path};
use crate::report::{self, Style};
use crate::session::{CheckResult, LessonReport, Outcome, Session};
use crate::source::SourceSet;
use crate::verdict::Word;
use crate::verify::{Item, Options, graded, odd, shown, text_of};

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
    let reports = graded(session, item, &source, options)?;
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
    Ok(problems)
}

/// The checks that did not pass, each with its word.
fn failures(report: &LessonReport) -> Signature {
    let words = report.words().into_iter();
    words.filter(|(_, word)| *word != Word::Pass).collect()
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
    let failures = results.iter().filter(|result| !result.verdict.passed());
    let texts: Vec<String> = failures
        .map(|result| {
            let mut result = result.clone();
            // Which threads were where, and what was printed, may differ.
            result.verdict.threads.clear();
            result.verdict.steps.clear();
            result.verdict.notes.clear();
            result.verdict.output.clear();
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
    let stored = std::fs::read_to_string(&snapshot).ok();
    if stored.as_deref() == Some(text) {
        return Ok(None);
    }
    if options.bless {
        crate::files::replace(&snapshot, text)?;
        return Ok(None);
    }
    let place = shown(session, &snapshot);
    Ok(Some(match stored {
        None => format!("`{place}` is missing; `cargo xtask verify --bless` writes it:\n{text}"),
        Some(old) => format!(
            "its verdict is not the one in `{place}`; if it is better, `cargo xtask verify --bless`\n\
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
