//! `cargo xtask example`

use std::process::Command;

use wt_grader::toolchain::Toolchain;
use wt_grader::{GradeError, process};

use super::course;
use crate::exit::{Exit, FAILED, PASSED};

/// Builds and runs the example of a lesson; what it prints goes to the terminal.
pub(crate) fn run(lesson: &str) -> Result<Exit, GradeError> {
    let course = course()?;
    let lesson = course.lesson(lesson)?;
    let mut command = Command::new(Toolchain::find().cargo);
    command
        .args(["run", "--quiet", "--package"])
        .arg(format!("eg{}", lesson.folder))
        .arg("--manifest-path")
        .arg(course.root.join("Cargo.toml"));
    let succeeded = process::run_visibly(command)?;
    Ok(if succeeded { PASSED } else { FAILED })
}
