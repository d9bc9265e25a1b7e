//! One module per command.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod example;
pub(crate) mod export;
pub(crate) mod hint;
pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod overview;
pub(crate) mod reset;
pub(crate) mod verify;

use wt_grader::{Course, GradeError, Session};

use crate::terminal::Terminal;

/// The course that the current folder is in.
fn course() -> Result<Course, GradeError> {
    let here = std::env::current_dir().map_err(|error| {
        GradeError::Usage(format!("the current folder cannot be used: {error}"))
    })?;
    Course::find(&here)
}

fn session(course: &Course, terminal: Terminal) -> Result<Session<'_>, GradeError> {
    Session::open(course, terminal.color, || {
        terminal.tell("building the kit; this happens once, and after an update");
    })
}
