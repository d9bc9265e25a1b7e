//! One module per command.

pub(crate) mod bench;
pub(crate) mod book;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod coverage;
pub(crate) mod doctor;
pub(crate) mod example;
pub(crate) mod export;
pub(crate) mod grade;
pub(crate) mod hint;
pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod overview;
pub(crate) mod progress;
pub(crate) mod replay;
pub(crate) mod reset;
pub(crate) mod solution;
pub(crate) mod trace;
pub(crate) mod verify;
pub(crate) mod watch;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use wt_grader::exploring::Teller;
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
    let mut session = Session::open(course, terminal.color, || {
        terminal.tell("building the kit; this happens once, and after an update");
    })?;
    session.teller = Teller::new(move |text| terminal.tell(text));
    Ok(session)
}

/// Builds the program of a package of the workspace if it has to be, and goes on
/// as that program, with our terminal. `name` is what a learner calls it.
///
/// What only some learners use stays out of everybody's first build this way. It
/// is built in a folder of its own, so that an editor that runs cargo never makes
/// it wait. On Unix this returns only if the program cannot be started.
fn on_first_use(
    course: &Course,
    package: &str,
    name: &str,
    arguments: &[OsString],
    terminal: Terminal,
) -> Result<Exit, GradeError> {
    let program = built(course, package, name, terminal)?;
    let mut command = Command::new(&program);
    command.args(arguments);
    become_it(command).map_err(|error| GradeError::io("start", &program, &error))
}

/// The same as a child, whose end is waited for. Whatever it ends with is no error:
/// it has said itself what there is to say.
fn start_built(
    course: &Course,
    package: &str,
    name: &str,
    arguments: &[OsString],
    terminal: Terminal,
) -> Result<(), GradeError> {
    let program = built(course, package, name, terminal)?;
    let mut command = Command::new(&program);
    command.args(arguments);
    process::run_visibly(command).map(|_| ())
}

/// The path of the program of a package, which has the package's name.
fn built(
    course: &Course,
    package: &str,
    name: &str,
    terminal: Terminal,
) -> Result<PathBuf, GradeError> {
    let target = course.work_folder().join("tools");
    let program = target
        .join("debug")
        .join(format!("{package}{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(Toolchain::find().cargo);
    command
        .args(["build", "--locked", "--package", package, "--manifest-path"])
        .arg(course.kit_root.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        // Otherwise the program would be in another folder.
        .env_remove("CARGO_BUILD_TARGET");
    if program.is_file() {
        // Nothing to tell but what goes wrong, most of the time.
        command.arg("--quiet");
    } else {
        terminal.tell(&format!("building {name}; this happens once"));
    }
    if process::run_visibly(command)? {
        return Ok(program);
    }
    Err(GradeError::Fault(format!(
        "{name} does not build; cargo's messages above say why. It needs some libraries that \
         `check` does not need: if it is the network, try again, what was downloaded is kept"
    )))
}

#[cfg(unix)]
fn become_it(mut command: Command) -> std::io::Result<Exit> {
    Err(std::os::unix::process::CommandExt::exec(&mut command))
}

/// The system has no way to become another program.
#[cfg(not(unix))]
fn become_it(mut command: Command) -> std::io::Result<Exit> {
    use crate::exit::{FAILED, FAULT, PASSED};

    Ok(match command.status()?.code() {
        Some(0) => PASSED,
        Some(1) => FAILED,
        _ => FAULT,
    })
}
