//! `cargo xtask check`

use std::ffi::OsString;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use wt_grader::checked::Summary;
use wt_grader::exploring::Exploring;
use wt_grader::parallel::in_parallel;
use wt_grader::{Course, GradeError, Lesson, LessonReport, Session, report};

use super::{course, progress, session};
use crate::exit::{Exit, FAILED, FAULT, PASSED};
use crate::given::Given;
use crate::spec::{Group, Opt, Spec, Value, Words};
use crate::terminal::{BOLD, GREEN, Terminal, YELLOW};

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
1024 threads.

Some properties are tried under thousands of schedules, once all others hold. Of
one that fails you get a code: `cargo xtask replay` tells what happened, step by
step.

Without a lesson, and with --all, a lesson in which nothing has changed since
its last verdict is not run again; nor, with --all, one that is still the
starter.",
    options: &[
        Opt::flag(None, "all", "every lesson, several at once, one line each"),
        Opt::flag(
            None,
            "force",
            "also run what has not changed since its last verdict",
        ),
        Opt::flag(
            None,
            "explore",
            "try every order of steps also while other properties do not hold",
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
        (
            "check 03 --explore",
            "try every order of steps at once, and get a code to replay",
        ),
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
    let lesson = given.word().map(|name| course.lesson(name)).transpose()?;
    if let Some(format) = given.value("format").filter(|format| *format != "human") {
        let arguments = for_a_program(format, given);
        return super::on_first_use(&course, "wt-formats", "the reports", &arguments, terminal);
    }
    let mut session = session(&course, terminal)?;
    if given.has("explore") {
        session.exploring = Exploring::Always;
    }
    match lesson {
        Some(lesson) => one(&session, lesson, given, terminal),
        None if given.has("all") => all(&session, given, terminal),
        None => up_to_the_first(&session, given, terminal),
    }
}

fn one(
    session: &Session<'_>,
    lesson: &Lesson,
    given: &Given,
    terminal: Terminal,
) -> Result<Exit, GradeError> {
    let (summary, report) = Summary::check(session, lesson)?;
    let exit = exit_of(&report);
    let progress = match exit {
        FAULT => progress::read(session.course, terminal),
        _ => progress::note_verdict(session.course, lesson, summary.passed, terminal),
    };
    if terminal.quiet {
        terminal.print(&line(lesson, &summary, "", terminal));
        return Ok(exit);
    }
    let next = progress.next_after(session.course, lesson);
    print(&report, session.course, next, given, terminal);
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
    next: Option<&Lesson>,
    given: &Given,
    terminal: Terminal,
) {
    let style = report::Style {
        color: terminal.color,
        all: given.has("verbose"),
        width: terminal.width,
        links: terminal.links.then_some(course.root.as_path()),
    };
    terminal.print(&report::lesson(report, next, style));
}

/// What passed and has not changed gets a line, then comes the first other.
fn up_to_the_first(
    session: &Session<'_>,
    given: &Given,
    terminal: Terminal,
) -> Result<Exit, GradeError> {
    for lesson in &session.course.lessons {
        let kept = Summary::kept(session, lesson).filter(|_| !given.has("force"));
        if let Some(summary) = kept.filter(|summary| summary.passed) {
            progress::note_verdict(session.course, lesson, true, terminal);
            terminal.print(&line(lesson, &summary, UNCHANGED, terminal));
            continue;
        }
        let exit = one(session, lesson, given, terminal)?;
        if exit != PASSED {
            return Ok(exit);
        }
        terminal.print("\n");
    }
    Ok(PASSED)
}

/// Every lesson, several at once; a line each, in order, when all are done.
fn all(session: &Session<'_>, given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let lessons = &session.course.lessons;
    let cores = std::thread::available_parallelism().map_or(2, NonZero::get);
    let done = AtomicUsize::new(0);
    terminal.show_progress(0, lessons.len(), "");
    let results = in_parallel(lessons, cores, |lesson| {
        let kept = || Summary::kept(session, lesson).filter(|_| !given.has("force"));
        let result = match not_begun(lesson).or_else(kept) {
            Some(summary) => (summary, None),
            None => {
                let (summary, report) = Summary::check(session, lesson)?;
                (summary, Some(report))
            }
        };
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        terminal.show_progress(done, lessons.len(), &lesson.label());
        Ok(result)
    });
    terminal.show_progress(lessons.len(), lessons.len(), "");
    let results = results?;
    let mut exit = PASSED;
    for (lesson, (summary, report)) in lessons.iter().zip(&results) {
        exit = worst(
            exit,
            report
                .as_ref()
                .map_or_else(|| exit_of_kept(summary), exit_of),
        );
        progress::note_verdict(session.course, lesson, summary.passed, terminal);
        let unchanged = report.is_none() && lesson.is_begun();
        let note = if unchanged { UNCHANGED } else { "" };
        terminal.print(&line(lesson, summary, note, terminal));
    }
    let passed = results.iter().filter(|(summary, _)| summary.passed).count();
    terminal.print(&format!(
        "\n{passed} of {} lessons are done\n",
        lessons.len()
    ));
    if given.has("verbose") {
        for report in results.iter().filter_map(|(_, report)| report.as_ref()) {
            if !report.passed() {
                terminal.print("\n");
                print(report, session.course, None, given, terminal);
            }
        }
    }
    Ok(exit)
}

/// A starter fails, which `verify` proves; it need not be run to know it.
fn not_begun(lesson: &Lesson) -> Option<Summary> {
    (!lesson.is_begun()).then(|| Summary {
        passed: false,
        count: "not begun".into(),
        what: String::new(),
    })
}

const UNCHANGED: &str = ", unchanged";

fn line(lesson: &Lesson, summary: &Summary, note: &str, terminal: Terminal) -> String {
    let (state, color) = if summary.passed {
        ("done", GREEN)
    } else {
        ("not yet", YELLOW)
    };
    let mut text = format!(
        "{:<8} {:<22} {}{note}",
        state,
        lesson.label(),
        summary.count
    );
    if !summary.what.is_empty() {
        text.push_str(&format!("; {}", summary.what));
    }
    let text = terminal.cut(&text);
    let (state, rest) = text.split_at(8);
    let label = lesson.label();
    let rest = rest.replacen(&label, &terminal.paint(BOLD, &label), 1);
    format!("{}{rest}\n", terminal.paint(color, state))
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

fn exit_of_kept(summary: &Summary) -> Exit {
    if summary.passed { PASSED } else { FAILED }
}

/// A fault of the grader outweighs a failure, a failure outweighs a pass.
fn worst(a: Exit, b: Exit) -> Exit {
    [FAULT, FAILED]
        .into_iter()
        .find(|exit| a == *exit || b == *exit)
        .unwrap_or(PASSED)
}
