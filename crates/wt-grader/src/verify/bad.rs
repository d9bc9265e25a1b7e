//! Known-bad solutions: each names the checks that must fail, and the words.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::GradeError;
use crate::lesson::Lesson;
use crate::report::{self, Style};
use crate::session::{CheckResult, LessonReport, Outcome, Session};
use crate::source::SourceSet;
use crate::verdict::Word;
use crate::verify::{Item, Options, graded, odd, shown, stem, text_of};

/// The first line: `//! Must fail: push_waits (wrong), close_wakes (hung)`.
const MARK: &str = "//! Must fail: ";
/// A line of the header for verdicts whose numbers differ from run to run.
const REDACT: &str = "//! Redact: numbers";

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
    let expected = match header(source.root()) {
        Ok(expected) => expected,
        Err(problem) => return Ok(vec![problem]),
    };
    let mut problems = Vec::new();
    for id in expected.keys() {
        if !lesson.checks.iter().any(|spec| spec.id == *id) {
            problems.push(format!("it names `{id}`, which is no check of this lesson"));
        }
    }
    let reports = graded(session, item, &source, options)?;
    let as_named = |report: &LessonReport| failures(report) == expected;
    if let Some(other) = reports.iter().find(|report| !as_named(report)) {
        problems.push(format!(
            "it must fail {}, but{} it fails {}:\n{}",
            list(&expected),
            odd(&reports, as_named),
            list(&failures(other)),
            text_of(other)
        ));
        return Ok(problems);
    }
    // Every run must read the same; the first that does not is shown.
    for report in &reports {
        if let Outcome::Checked { results, .. } = &report.outcome {
            let text = verdict_text(lesson, results, source.root().contains(REDACT));
            if let Some(problem) = compare(session, lesson, path, &text, options)? {
                problems.push(problem);
                break;
            }
        }
    }
    Ok(problems)
}

/// The checks that did not pass, each with its word.
fn failures(report: &LessonReport) -> BTreeMap<String, Word> {
    let words = report.words().into_iter();
    words.filter(|(_, word)| *word != Word::Pass).collect()
}

fn header(text: &str) -> Result<BTreeMap<String, Word>, String> {
    let wrong = || format!("its first line must be like `{MARK}push_waits_while_full (wrong)`");
    let list = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix(MARK))
        .ok_or_else(wrong)?;
    let mut expected = BTreeMap::new();
    for part in list.split(", ") {
        let (id, word) = part
            .trim()
            .trim_end_matches(')')
            .split_once(" (")
            .ok_or_else(wrong)?;
        let word = Word::parse(word).ok_or_else(|| format!("`{word}` is no verdict word"))?;
        expected.insert(id.to_owned(), word);
    }
    Ok(expected)
}

fn list(words: &BTreeMap<String, Word>) -> String {
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

/// Takes out what random input changes, and numbers where the header asks for it.
fn redact(what: &str, numbers: bool) -> String {
    let seeded = what.rfind(" (seed ").is_some();
    let what = if seeded {
        what.lines().next().unwrap_or_default()
    } else {
        what
    };
    if !numbers && !seeded {
        return what.to_owned();
    }
    let mut text = String::new();
    for c in what.chars() {
        match c {
            '0'..='9' if text.ends_with("[n]") => {}
            '0'..='9' => text.push_str("[n]"),
            c => text.push(c),
        }
    }
    text
}

fn compare(
    session: &Session<'_>,
    lesson: &Lesson,
    path: &Path,
    text: &str,
    options: Options,
) -> Result<Option<String>, GradeError> {
    let snapshot = lesson
        .solution()
        .join("bad/verdicts")
        .join(format!("{}.txt", stem(path)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_checks_and_words() {
        let expected = header("//! Must fail: a (wrong), b (ended early)\n").unwrap();
        assert_eq!(list(&expected), "`a` (wrong), `b` (ended early)");
        assert!(header("//! It is bad\n").is_err());
        assert_eq!(
            header("//! Must fail: a (bad)\n"),
            Err("`bad` is no verdict word".into())
        );
    }

    #[test]
    fn seeds_and_numbers_are_redacted() {
        assert_eq!(
            redact("sum 3 is wrong\n<41\n>42 (seed 7)", false),
            "sum [n] is wrong"
        );
        assert_eq!(redact("17 of 4 threads", true), "[n] of [n] threads");
    }
}
