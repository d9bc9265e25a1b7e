//! One module per command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod example;
pub(crate) mod export;
pub(crate) mod hint;
pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod overview;
pub(crate) mod progress;
pub(crate) mod reset;
pub(crate) mod solution;
pub(crate) mod verify;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use wt_grader::toolchain::Toolchain;
use wt_grader::{Course, GradeError, Session, process};

use crate::exit::Exit;
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

/// Becomes the program of a package that a learner's first check does without.
///
/// Cargo builds it first, which takes some seconds once and after an update. What
/// the program prints and its exit code are then those of this command.
fn on_first_use(
    course: &Course,
    package: &str,
    arguments: &[OsString],
) -> Result<Exit, GradeError> {
    // What grading leaves is below cargo's own target folder.
    let work = course.work_folder();
    let target = work.parent().unwrap_or(&work);
    let name = format!("{package}{}", std::env::consts::EXE_SUFFIX);
    let program = target.join("debug").join(name);
    let mut cargo = Command::new(Toolchain::find().cargo);
    cargo
        .args(["build", "--locked", "--package", package, "--target-dir"])
        .arg(target)
        .arg("--manifest-path")
        .arg(course.kit_root.join("Cargo.toml"))
        // With it the program would be in another folder.
        .env_remove("CARGO_BUILD_TARGET");
    if program.is_file() {
        cargo.arg("--quiet");
    } else {
        let _ = writeln!(
            std::io::stderr(),
            "building {package}; this happens once, and after an update"
        );
    }
    if !process::run_visibly(cargo)? {
        return Err(GradeError::Fault(format!(
            "`{package}` does not build; cargo's messages above say why"
        )));
    }
    become_program(&program, arguments)
}

/// On Unix in this very process, so that signals and the terminal are its own.
#[cfg(unix)]
fn become_program(program: &Path, arguments: &[OsString]) -> Result<Exit, GradeError> {
    use std::os::unix::process::CommandExt;

    let error = Command::new(program).args(arguments).exec();
    Err(GradeError::io("start", program, &error))
}

#[cfg(not(unix))]
fn become_program(program: &Path, arguments: &[OsString]) -> Result<Exit, GradeError> {
    let status = Command::new(program)
        .args(arguments)
        .status()
        .map_err(|error| GradeError::io("start", program, &error))?;
    Ok(crate::exit::of_status(status))
}
