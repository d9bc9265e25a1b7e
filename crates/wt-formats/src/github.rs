//! GitHub Actions: workflow commands on stdout, and a job summary in Markdown.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::fmt::Write;

use wt_grader::report::{self, Style};
use wt_grader::session::{CheckResult, Outcome};
use wt_grader::transcript::Place;
use wt_grader::{LessonReport, Word};

use crate::graded::{Graded, State, costs, first_place, results};
use crate::points::Points;
use crate::text::{cut, line, plain};

/// The most bytes of one annotation: GitHub shows no more.
const MESSAGE: usize = 4 << 10;
/// The most bytes of one lesson in the summary.
const LESSON: usize = 16 << 10;
/// A summary that is longer gets no further lesson: GitHub refuses one of more
/// than 1 MiB.
const SUMMARY: usize = 512 << 10;

/// One command a line: an error for each property that does not hold, a warning
/// for each that could not be judged, and a notice for each lesson.
#[must_use]
pub fn commands(graded: &Graded) -> String {
    let mut text = String::new();
    for report in &graded.reports {
        if let Some(command) = unrun(graded, report) {
            text.push_str(&command);
        } else {
            let results = results(report);
            let unpassed = (results.iter())
                .filter(|result| !result.verdict.passed() && !result.verdict.postponed);
            unpassed.for_each(|result| text.push_str(&check(graded, report, result)));
        }
        text.push_str(&command(
            "notice",
            None,
            &report.lesson.label(),
            &count(report),
        ));
    }
    if let Some(error) = &graded.error {
        let title = Word::GraderFault.text();
        text.push_str(&command("error", None, title, &error.to_string()));
    }
    text
}

/// The Markdown of all lessons, for `$GITHUB_STEP_SUMMARY`.
#[must_use]
pub fn summary(graded: &Graded) -> String {
    let mut text = format!("## {}\n\n", line(&graded.course));
    text.push_str("| Lesson | State | Properties | Points |\n| --- | --- | --- | --- |\n");
    for report in &graded.reports {
        let points = Points::of_lesson(report);
        let held = held(report);
        let _ = writeln!(
            text,
            "| {} | {} | {held} of {} | {} of {} |",
            report.lesson.label(),
            State::of(report).text(),
            report.lesson.checks.len(),
            points.earned,
            points.possible
        );
    }
    for report in graded.reports.iter().filter(|report| !report.passed()) {
        if text.len() > SUMMARY {
            text.push_str("\nThe lessons after this one are left out; the log has them.\n");
            break;
        }
        let style = Style {
            all: true,
            ..Style::default()
        };
        let told = report::lesson(report, None, style);
        let _ = write!(text, "\n### {}\n\n{}", report.lesson.label(), fenced(&told));
    }
    if let Some(error) = &graded.error {
        let _ = write!(
            text,
            "\n### {}\n\n{}",
            Word::GraderFault,
            fenced(&error.to_string())
        );
    }
    text
}

fn check(graded: &Graded, report: &LessonReport, result: &CheckResult) -> String {
    let word = result.verdict.word;
    let title = format!("{}: {word}: {}", report.lesson.label(), result.spec.claim);
    let said = report::failure(&report.lesson, result, Style::default());
    let place = result.place.clone().unwrap_or_else(|| start(report));
    let kind = if costs(word) { "error" } else { "warning" };
    command(kind, Some(&prefixed(graded, place)), &title, &said)
}

/// The command for a lesson of which no check was run.
fn unrun(graded: &Graded, report: &LessonReport) -> Option<String> {
    let rendered = match &report.outcome {
        Outcome::Checked { .. } => return None,
        Outcome::DidNotCompile(said) | Outcome::DoesNotFit(said) => said.rendered.as_str(),
        Outcome::Rejected(_) | Outcome::GaveUp(_) => "",
    };
    let word = report
        .words()
        .first()
        .map_or(Word::Rejected, |(_, word)| *word);
    let title = format!("{}: {word}", report.lesson.label());
    let place = first_place(report, rendered).unwrap_or_else(|| start(report));
    let said = report::lesson(report, None, Style::default());
    Some(command(
        "error",
        Some(&prefixed(graded, place)),
        &title,
        &said,
    ))
}

/// Where an annotation goes that belongs to no line.
fn start(report: &LessonReport) -> Place {
    Place {
        file: format!("{}/lib.rs", report.lesson.source_prefix()),
        line: 1,
    }
}

fn prefixed(graded: &Graded, place: Place) -> Place {
    Place {
        file: format!("{}{}", graded.prefix, place.file),
        ..place
    }
}

fn count(report: &LessonReport) -> String {
    let points = Points::of_lesson(report);
    format!(
        "{}: {} of {} properties hold, {} of {} points",
        State::of(report).text(),
        held(report),
        report.lesson.checks.len(),
        points.earned,
        points.possible
    )
}

fn held(report: &LessonReport) -> usize {
    let results = results(report);
    let held = results.iter().filter(|result| result.verdict.passed());
    held.count()
}

/// One line, whatever is in the texts: a line of its own would be a command.
fn command(kind: &str, place: Option<&Place>, title: &str, message: &str) -> String {
    let mut text = format!("::{kind} ");
    if let Some(place) = place {
        let _ = write!(text, "file={},line={},", property(&place.file), place.line);
    }
    let message = cut(plain(message).trim_end(), MESSAGE);
    let _ = writeln!(
        text,
        "title={}::{}",
        property(title),
        data(message.trim_end())
    );
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&line(text)).replace(':', "%3A").replace(',', "%2C")
}

/// A block of code that nothing in it can end.
fn fenced(text: &str) -> String {
    let text = cut(&plain(text), LESSON);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_line_whatever_it_says() {
        let place = Place {
            file: String::from("a,b:c%.rs"),
            line: 3,
        };
        assert_eq!(
            command(
                "error",
                Some(&place),
                "1: x,\ny",
                "50%\n::error::forged\r\n"
            ),
            "::error file=a%2Cb%3Ac%25.rs,line=3,title=1%3A x%2C y::50%25%0A::error::forged\\u{d}\n"
        );
    }

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        assert_eq!(fenced("a"), "```text\na\n```\n");
        assert_eq!(fenced("a ```` b"), "`````text\na ```` b\n`````\n");
    }
}
