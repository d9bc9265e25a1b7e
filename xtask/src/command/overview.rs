//! `cargo xtask` alone: where to begin and what to type.

use wt_grader::GradeError;

use super::course;
use crate::exit::{Exit, PASSED};
use crate::given::Given;
use crate::terminal::Terminal;

pub(crate) fn run(_: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let minutes: u32 = course.lessons.iter().map(|lesson| lesson.minutes).sum();
    terminal.print(&format!(
        "{}: {} lessons, {minutes} minutes of exercises\n\n",
        course.title,
        course.lessons.len()
    ));
    if let Some(first) = course.lessons.first() {
        terminal.print(&format!(
            "begin with  {} ({} minutes)\n\
             read        exercises/{folder}/README.md\n\
             edit        exercises/{folder}/src/lib.rs\n\
             then type   cargo xtask check {:02}\n\n",
            first.label(),
            first.minutes,
            first.number,
            folder = first.folder,
        ));
    }
    terminal.print("`cargo xtask check` finds the first lesson that does not pass yet.\n");
    terminal.print("`cargo xtask list` shows all lessons, `cargo xtask help` all commands.\n");
    Ok(PASSED)
}
