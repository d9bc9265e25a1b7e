//! Exit codes. Scripts rely on them, so they never change.

use std::process::ExitCode;

use wt_grader::{GradeError, cancel};

use crate::terminal::print_error;

/// A process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit(u8);

/// Everything that was asked for holds.
pub(crate) const PASSED: Exit = Exit(0);
/// The learner's code fails, or the course does not hold together.
pub(crate) const FAILED: Exit = Exit(1);
/// The command line asks for something that does not exist.
pub(crate) const USAGE: Exit = Exit(2);
/// The grader itself broke; nobody's code is to blame.
pub(crate) const FAULT: Exit = Exit(3);
/// Ctrl-C.
pub(crate) const INTERRUPTED: Exit = Exit(cancel::EXIT_CODE as u8);

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// Prints an error and gives its code.
pub(crate) fn of_error(error: &GradeError) -> Exit {
    match error {
        GradeError::Cancelled => {
            print_error("stopped; nothing is left running");
            INTERRUPTED
        }
        GradeError::Usage(text) => {
            print_error(text);
            USAGE
        }
        GradeError::Course(text) | GradeError::Fault(text) => {
            print_error(&format!(
                "the grader could not do its work, and your code is not to blame\n       {text}"
            ));
            FAULT
        }
    }
}
