//! `cargo xtask solution`

use std::fmt::Write;

use similar::TextDiff;
use wt_grader::files::read_course_file;
use wt_grader::{Course, GradeError, Lesson};

use super::{course, progress};
use crate::exit::{Exit, FAILED, PASSED};
use crate::given::Given;
use crate::markdown;
use crate::spec::{Group, Opt, Spec, Words};
use crate::terminal::{BOLD, GREEN, Terminal};

pub(crate) const SPEC: Spec = Spec {
    name: "solution",
    group: Group::Learner,
    words: Words::Lesson,
    summary: "how we did it, why, and how yours differs; once you have passed",
    about: "\
Prints the reference solution, the notes on it, and what would have to change in
your file to become it. A different solution that passes is as good: the notes
say what was weighed. Where the lesson has a scenario (see `trace`), the
timelines of both follow.",
    options: &[Opt::flag(None, "spoil", "also before you have passed")],
    examples: &[
        ("solution 03", "after `check 03` has passed"),
        ("solution 03 --spoil", "before"),
    ],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    course.needs_solutions("solution")?;
    let lesson = course.lesson(given.word().unwrap_or_default())?;
    if !given.has("spoil") && !progress::read(&course, terminal).has_passed(lesson) {
        terminal.print(&format!(
            "{}: not yet: its last check has not passed\n\
             stuck  cargo xtask hint {number:02}\n\
             or     cargo xtask solution {number:02} --spoil\n",
            lesson.label(),
            number = lesson.number
        ));
        return Ok(FAILED);
    }
    terminal.print(&text(&course, lesson, terminal)?);
    super::trace::both(&course, lesson, terminal)?;
    Ok(PASSED)
}

fn text(course: &Course, lesson: &Lesson, terminal: Terminal) -> Result<String, GradeError> {
    let file = lesson.solution().join("src/lib.rs");
    let reference = read_course_file(&file)?;
    let notes = read_course_file(&lesson.solution().join("NOTES.md"))?;
    let own = std::fs::read(lesson.exercise.join("src/lib.rs")).unwrap_or_default();
    let own = String::from_utf8_lossy(&own);
    let shown = file.strip_prefix(&course.root).unwrap_or(&file).display();
    let heading = |title: &str| terminal.paint(BOLD, title);
    Ok(format!(
        "{}\n\n{}\n{}\n\n{}\n{}\n\n{}",
        heading(&format!("{}: {shown}", lesson.label())),
        reference.trim_end(),
        heading("\nWhy it is done this way"),
        markdown::shown(&notes, terminal).trim_end(),
        heading("From your file to this one"),
        diff(&own, &reference, lesson, terminal)
    ))
}

fn diff(own: &str, reference: &str, lesson: &Lesson, terminal: Terminal) -> String {
    if own == reference {
        return "none: they are the same\n".into();
    }
    let diff = TextDiff::from_lines(own, reference);
    let headers = (
        format!("{}/lib.rs", lesson.source_prefix()),
        format!("solutions/{}/src/lib.rs", lesson.folder),
    );
    let unified = diff
        .unified_diff()
        .context_radius(3)
        .header(&headers.0, &headers.1)
        .to_string();
    let mut text = String::new();
    for line in unified.lines() {
        let line = wt_grader::report::harmless(line);
        let _ = match line.as_bytes().first() {
            Some(b'+') => writeln!(text, "{}", terminal.paint(GREEN, &line)),
            Some(b'-') => writeln!(text, "{}", terminal.paint(RED, &line)),
            _ => writeln!(text, "{line}"),
        };
    }
    text
}

const RED: &str = "31";
