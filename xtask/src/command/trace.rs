//! `cargo xtask trace`

use std::ffi::OsString;

use wt_grader::{Course, GradeError, Lesson, trace};

use super::{course, on_first_use, start_built};
use crate::exit::Exit;
use crate::given::Given;
use crate::spec::{Group, Opt, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "trace",
    group: Group::Learner,
    words: Words::MaybeLesson,
    summary: "see what your threads do: a timeline as text, a drawing, and for Perfetto",
    about: "\
Runs the lesson's scenario, a small program over your code, and shows what
each thread did: when it ran, what it waited for, which lock it had, who sent
to whom. Prints it as text, and writes a drawing (SVG) and trace events (JSON)
that https://ui.perfetto.dev opens. Says which locks were waited for, how deep
each queue was, and how long the messages lay in it.

The threads take turns in a fixed order and time is counted in events, so the
same code gives the same timeline each time. With --real they run as the
system has it and time is measured. Code that waits in a way the course's
library does not see, such as `select!` or std's own locks, can only run so.

The first use builds the program that draws; `check` does not need it.",
    options: &[
        Opt::flag(None, "example", "the lesson's example, not your code"),
        Opt::flag(None, "real", "as the system runs it, with measured times"),
        Opt::flag(
            None,
            "pictures",
            "for instructors: write the book's pictures that are out of date",
        ),
    ],
    examples: &[
        ("trace 03", "your bounded queue at work"),
        ("trace --example 03", "the example of lesson 03"),
        ("trace 03 --real", "with the times of this machine"),
        ("trace --pictures", "after a change of a scenario"),
    ],
    run,
};

/// What the program is called while it is built.
const NAME: &str = "the timelines";

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let mut arguments: Vec<OsString> = Vec::new();
    match given.word() {
        Some(_) if given.has("pictures") => {
            return Err(GradeError::Usage(
                "`--pictures` writes those of every lesson; leave the lesson out".into(),
            ));
        }
        Some(name) => arguments.push(course.lesson(name)?.folder.clone().into()),
        None if given.has("pictures") => course.needs_solutions("trace --pictures")?,
        None => {
            return Err(GradeError::Usage(
                "which lesson? As in `cargo xtask trace 03`".into(),
            ));
        }
    }
    for option in ["example", "real", "pictures"] {
        if given.has(option) {
            arguments.push(format!("--{option}").into());
        }
    }
    on_first_use(&course, "wt-trace", NAME, &arguments, terminal)
}

/// Prints the lanes of the learner's code and of the reference, if the lesson has a
/// scenario.
pub(super) fn both(course: &Course, lesson: &Lesson, terminal: Terminal) -> Result<(), GradeError> {
    if !trace::scenario(lesson).is_file() {
        return Ok(());
    }
    for whose in ["learner", "reference"] {
        let arguments = ["--twin", "--whose", whose, &lesson.folder].map(OsString::from);
        terminal.print("\n");
        start_built(course, "wt-trace", NAME, &arguments, terminal)?;
    }
    Ok(())
}
