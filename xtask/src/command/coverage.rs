//! `cargo xtask coverage`

use std::fmt::Write;

use wt_grader::GradeError;
use wt_grader::coverage::{self, Row};
use wt_grader::lesson::Track;

use super::course;
use crate::exit::{Exit, FAILED, PASSED};
use crate::given::Given;
use crate::spec::{Group, Opt, Spec, Words};
use crate::terminal::{Terminal, YELLOW};

pub(crate) const SPEC: Spec = Spec {
    name: "coverage",
    group: Group::Instructor,
    words: Words::Nothing,
    summary: "which objective is taught, shown and checked where",
    about: "\
For each objective of `course.toml`: the lessons that are for it, whether each
has a chapter and an example, and how many of its checks are for the objective.
A check is for the objective that it names in `lesson.toml`, or for the lesson's
first one. Then the minutes of each track.

Exits with 1 when there is a hole: an objective without a lesson, or a lesson
without a chapter, an example or a check for it.",
    options: &[Opt::flag(None, "checks", "name the checks, too")],
    examples: &[
        ("coverage", "one line for each objective and lesson"),
        ("coverage --checks", "and the checks by name"),
    ],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let rows = coverage::table(&course);
    let mut text = format!(
        "{:<28}{:<28}{:<9}{:<9}checks\n",
        "objective", "lesson", "chapter", "example"
    );
    let mut holes = 0;
    for row in &rows {
        text.push_str(&lines(row, given.has("checks")));
        for hole in row.holes() {
            holes += 1;
            let _ = writeln!(text, "  {} {hole}", terminal.paint(YELLOW, "hole:"));
        }
    }
    text.push('\n');
    for track in [Track::Core, Track::Stretch] {
        let (lessons, minutes) = coverage::minutes(&course, track);
        let _ = writeln!(
            text,
            "{}: {lessons} lessons, {minutes} minutes of exercises",
            track.text()
        );
    }
    let full = rows.iter().filter(|row| row.holes().is_empty()).count();
    let _ = writeln!(
        text,
        "coverage: {full} of {} objectives without a hole",
        rows.len()
    );
    terminal.print(&text);
    Ok(if holes == 0 { PASSED } else { FAILED })
}

/// The objective stands at its first lesson only.
fn lines(row: &Row<'_>, with_checks: bool) -> String {
    if row.lessons.is_empty() {
        return format!("{}\n", row.objective);
    }
    let mut text = String::new();
    let yes = |there: bool| if there { "yes" } else { "-" };
    for (n, covered) in row.lessons.iter().enumerate() {
        let _ = writeln!(
            text,
            "{:<28}{:<28}{:<9}{:<9}{}",
            if n == 0 { row.objective } else { "" },
            covered.lesson.label(),
            yes(covered.chapter),
            yes(covered.example),
            covered.checks.len()
        );
        if with_checks {
            for check in &covered.checks {
                let _ = writeln!(text, "{:<28}  {check}", "");
            }
        }
    }
    text
}
