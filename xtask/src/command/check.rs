//! `cargo xtask check`

use std::ffi::OsString;

use wt_grader::report::{self, Style};
use wt_grader::{Course, GradeError, Lesson, LessonReport};

use super::{course, session};
use crate::exit::{Exit, FAILED, FAULT, PASSED};
use crate::given::Given;
use crate::spec::{Group, Opt, Spec, Value, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "check",
    group: Group::Learner,
    words: Words::MaybeLesson,
    summary: "check your solution; without a lesson, the first that does not pass",
    about: "\
Compiles exercises/NN-name/src as it is on disk and runs each hidden check in a
process of its own. Says which properties hold, and for the first that does not:
what happened, where to look, and a question that helps.

A check that hangs ends by itself: it names each thread, what it waits for and
the line. What a check may use: 10 s, 512 MiB of live memory, 8 MiB of output,
1024 threads.",
    options: &[
        Opt::flag(
            None,
            "all",
            "do not stop at the first lesson that does not pass",
        ),
        Opt::flag(
            Some('v'),
            "verbose",
            "explain every property that does not hold",
        ),
        Opt {
            short: None,
            long: "format",
            value: Value::OneOf(&["human", "json", "junit", "github", "gradescope"]),
            about: "a report for programs: `book/src/formats.md` describes each",
        },
    ],
    examples: &[
        ("check 03", "one lesson"),
        (
            "check",
            "lesson after lesson, up to the first that does not pass",
        ),
        ("check --all", "every lesson"),
        ("check --all --format junit", "for a CI server"),
    ],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    if given.has("all") && given.word().is_some() {
        return Err(GradeError::Usage(
            "give a lesson or `--all`, not both; `cargo xtask help check` shows how".into(),
        ));
    }
    let course = course()?;
    let lessons = match given.word() {
        Some(name) => vec![course.lesson(name)?],
        None => course.lessons.iter().collect(),
    };
    if let Some(format) = given.value("format").filter(|format| *format != "human") {
        return super::on_first_use(&course, "wt-formats", &for_a_program(format, given));
    }
    let session = session(&course, terminal)?;
    let mut exit = PASSED;
    for (n, lesson) in lessons.iter().enumerate() {
        if n > 0 {
            terminal.print("\n");
        }
        let report = session.check(lesson)?;
        print(&report, &course, lesson, given, terminal);
        exit = worst(exit, exit_of(&report));
        if exit != PASSED && !given.has("all") {
            break;
        }
    }
    Ok(exit)
}

/// The arguments of the program that writes the other formats.
fn for_a_program(format: &str, given: &Given) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["--format".into(), format.into()];
    if given.has("all") {
        arguments.push("--all".into());
    }
    arguments.extend(given.word().map(OsString::from));
    arguments
}

fn print(
    report: &LessonReport,
    course: &Course,
    lesson: &Lesson,
    given: &Given,
    terminal: Terminal,
) {
    let style = Style {
        color: terminal.color,
        all: given.has("verbose"),
    };
    terminal.print(&report::lesson(report, course.after(lesson), style));
}

fn exit_of(report: &LessonReport) -> Exit {
    if report.has_fault() {
        FAULT
    } else if report.passed() {
        PASSED
    } else {
        FAILED
    }
}

/// A fault of the grader outweighs a failure, a failure outweighs a pass.
fn worst(a: Exit, b: Exit) -> Exit {
    [FAULT, FAILED]
        .into_iter()
        .find(|exit| a == *exit || b == *exit)
        .unwrap_or(PASSED)
}
