//! `cargo xtask example`

use std::process::Command;

use wt_grader::toolchain::Toolchain;
use wt_grader::{GradeError, process};

use super::course;
use crate::exit::{Exit, FAILED, PASSED};
use crate::given::Given;
use crate::spec::{Group, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "example",
    group: Group::Learner,
    words: Words::Lesson,
    summary: "run the lesson's example",
    about: "\
The program is examples/NN-name/src/main.rs. Its header says what you will see
and what to change.",
    options: &[],
    examples: &[("example 03", "build and run it")],
    run,
};

/// What the example prints goes to the terminal.
fn run(given: &Given, _: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let lesson = course.lesson(given.word().unwrap_or_default())?;
    let mut command = Command::new(Toolchain::find().cargo);
    command
        .args(["run", "--quiet", "--package"])
        .arg(format!("eg{}", lesson.folder))
        .arg("--manifest-path")
        .arg(course.root.join("Cargo.toml"));
    let succeeded = process::run_visibly(command)?;
    Ok(if succeeded { PASSED } else { FAILED })
}
