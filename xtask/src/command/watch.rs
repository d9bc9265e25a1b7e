//! `cargo xtask watch`

use std::ffi::OsString;

use wt_grader::{Course, GradeError, Lesson};

use super::{course, on_first_use, progress};
use crate::exit::Exit;
use crate::given::Given;
use crate::spec::{Group, Opt, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "watch",
    group: Group::Learner,
    words: Words::MaybeLesson,
    summary: "check whenever you save; without a lesson, the first that does not pass",
    about: "\
Checks the exercise now and after every save, and shows the verdict. A newer
save stops the check in flight. It follows you: save a file of another exercise,
and that one is checked.

  h  a hint, one more each time      x  reset, after a question
  n  the next lesson                 o  open the file in $VISUAL or $EDITOR
  l  the list of lessons             q  quit, as Ctrl-C does
  r  run the check again             v  back to the verdict

Where the output is no terminal, it prints each verdict and takes no keys. The
first use builds it, which takes some seconds.",
    options: &[Opt::flag(
        None,
        "poll",
        "look at the files five times a second, where the system does not tell about saves",
    )],
    examples: &[
        ("watch", "from the first lesson that does not pass"),
        ("watch 03", "one lesson"),
        ("watch --poll", "on a network drive or in a virtual machine"),
    ],
    run,
};

/// Watch is a program of its own, `wt-watch`, because a learner who only checks
/// need not compile what it needs. It starts this program for every check.
fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let lesson = match given.word() {
        Some(name) => course.lesson(name)?,
        None => first(&course, terminal)?,
    };
    let xtask = std::env::current_exe().map_err(|error| {
        GradeError::Fault(format!("this program's own path is not known: {error}"))
    })?;
    let mut arguments: Vec<OsString> = vec![
        "--xtask".into(),
        xtask.into(),
        "--root".into(),
        course.root.clone().into(),
    ];
    let flags = [
        ("--color", terminal.color),
        ("--poll", given.has("poll")),
        ("--seek", given.word().is_none()),
    ];
    arguments.extend(
        flags
            .iter()
            .filter(|(_, given)| *given)
            .map(|(flag, _)| flag.into()),
    );
    arguments.push(lesson.folder.clone().into());
    on_first_use(&course, "wt-watch", "watch", &arguments, terminal)
}

/// Where to begin to look for a lesson that does not pass.
fn first(course: &Course, terminal: Terminal) -> Result<&Lesson, GradeError> {
    let open = progress::read(course, terminal).next(course);
    let first = open.or_else(|| course.lessons.first());
    first.ok_or_else(|| GradeError::Course("the course has no lessons".into()))
}
