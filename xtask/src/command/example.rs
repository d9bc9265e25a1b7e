//! `cargo xtask example`

use std::io::IsTerminal;
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
fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let lesson = course.lesson(given.word().unwrap_or_default())?;
    let cargo = |words: &[&str]| {
        let mut command = Command::new(Toolchain::find().cargo);
        command
            .args(words)
            .arg("--package")
            .arg(format!("eg{}", lesson.folder))
            .arg("--manifest-path")
            .arg(course.root.join("Cargo.toml"));
        process::run_visibly(command)
    };
    // The first build takes a while, which cargo shows to a person.
    let watched = std::io::stderr().is_terminal() && !terminal.quiet;
    let succeeded = (!watched || cargo(&["build"])?) && cargo(&["run", "--quiet"])?;
    Ok(if succeeded { PASSED } else { FAILED })
}
