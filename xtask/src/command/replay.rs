//! `cargo xtask replay`

use wt_grader::GradeError;
use wt_grader::replay::{self, Telling};
use wt_grader::report::Style;

use super::{course, session};
use crate::exit::{Exit, FAILED, FAULT, PASSED};
use crate::given::Given;
use crate::spec::{Group, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "replay",
    group: Group::Learner,
    words: Words::LessonAnd("CODE"),
    summary: "one order of steps again, told as a story",
    about: "\
Runs your code once more under the schedule that CODE stands for: the same
thread goes on at the same step, every time. Tells each step beside the line of
your source, and ends with what went wrong: of a deadlock, who waits for what
and who has it.

`cargo xtask check` prints the code when a property does not hold under one of
the schedules that it tries. The code belongs to your source as it was then.
After an edit it still runs, and the story says from where on it goes another
way.

The first use builds the kit that decides the order of steps, as `check` does.",
    options: &[],
    examples: &[(
        "replay 03 1Z3K7Q-H2M4NP-08RSTV",
        "the story of that schedule; small letters and no hyphens will do",
    )],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let [name, code] = given.words.as_slice() else {
        unreachable!("two words were asked for");
    };
    let lesson = course.lesson(name)?;
    // Before anything is built for it.
    let _ = replay::understand(&course, lesson, code)?;
    let session = session(&course, terminal)?;
    let replayed = replay::replay(&session, lesson, code)?;
    let style = Style {
        color: terminal.color,
        width: terminal.width,
        links: terminal.links.then_some(course.root.as_path()),
        ..Style::default()
    };
    let code = &code.to_uppercase();
    terminal.print(&replay::text(&replayed, Telling { style, code }));
    Ok(match replayed.verdict.word {
        wt_grader::Word::Pass => PASSED,
        wt_grader::Word::GraderFault => FAULT,
        _ => FAILED,
    })
}
