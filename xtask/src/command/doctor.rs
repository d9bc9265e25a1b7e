//! `cargo xtask doctor`: whether this machine has what the course needs.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use wt_grader::disk;
use wt_grader::kit::{Facade, Kit};
use wt_grader::scratch::Scratch;
use wt_grader::toolchain::Toolchain;
use wt_grader::{Course, GradeError};

use super::course;
use crate::exit::{Exit, FAILED, PASSED};
use crate::given::Given;
use crate::spec::{Group, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "doctor",
    group: Group::Learner,
    words: Words::Nothing,
    summary: "what this machine has and what it lacks, with the command to run",
    about: "\
Looks at the compiler, the linker (by linking a small program and running it),
the disk, the folder's permissions, the kit, what killed runs have left, and the
editor's set-up. Each line that is not `ok` is followed by what to type.

Exits with 0 when checks can run, and with 1 when something that they need is
missing. What is only optional does not count.",
    options: &[],
    examples: &[("doctor", "when something does not work")],
    run,
};

/// The least room for the first build, which writes about 100 MiB.
const ROOM: u64 = 300 << 20;

/// The oldest compiler that can build the course.
const LEAST: &str = env!("CARGO_PKG_RUST_VERSION");

/// What was found about one thing.
struct Finding {
    about: &'static str,
    state: State,
    text: String,
    /// What to type.
    remedy: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    /// Checks run without it.
    Missing,
    /// Checks do not run.
    Broken,
}

impl Finding {
    fn ok(about: &'static str, text: impl Into<String>) -> Self {
        Self {
            about,
            state: State::Ok,
            text: text.into(),
            remedy: None,
        }
    }

    fn missing(about: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state: State::Missing,
            remedy: Some(remedy.into()),
            ..Self::ok(about, text)
        }
    }

    fn broken(about: &'static str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state: State::Broken,
            ..Self::missing(about, text, remedy)
        }
    }
}

fn run(_: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let toolchain = Toolchain::find();
    // Before the linker's program takes a folder over.
    let left = left_behind(&course);
    let mut findings = vec![compiler(&toolchain), cargo(&toolchain)];
    if findings.iter().all(|finding| finding.state == State::Ok) {
        findings.push(linker(&course, &toolchain));
    }
    findings.extend([
        room(&course),
        permission(&course),
        kit(&course, &toolchain),
        left,
        editor(&course),
    ]);
    findings.extend(OPTIONAL.iter().map(Tool::look));
    let mut text = String::new();
    for finding in &findings {
        let state = match finding.state {
            State::Ok => "ok",
            State::Missing => "missing",
            State::Broken => "BROKEN",
        };
        let head = format!("{:<14} {state:<8} ", finding.about);
        text.push_str(&terminal.hanging(&head, &finding.text));
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "{:<14} {:<8} type: {remedy}", "", "");
        }
    }
    let broken = (findings.iter()).filter(|finding| finding.state == State::Broken);
    let exit = match broken.count() {
        0 => {
            text.push_str("\nChecks can run. What is missing is optional.\n");
            PASSED
        }
        n => {
            let _ = writeln!(text, "\nChecks cannot run yet: {n} broken, see above.");
            FAILED
        }
    };
    terminal.print(&text);
    Ok(exit)
}

/// The first line that a program prints, if it can be started and succeeds.
fn first_line(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next().unwrap_or_default().to_owned();
    output.status.success().then_some(line)
}

fn compiler(toolchain: &Toolchain) -> Finding {
    let about = "compiler";
    let Some(version) = first_line(&toolchain.rustc, "--version") else {
        return Finding::broken(
            about,
            format!("`{}` cannot be run", toolchain.rustc.display()),
            "rustup toolchain install stable",
        );
    };
    let number = version.split(' ').nth(1).unwrap_or_default();
    if is_older(number, LEAST) {
        let text = format!("{version}; the course needs {LEAST} or later");
        return Finding::broken(about, text, "rustup update stable");
    }
    Finding::ok(about, format!("{version}; {LEAST} or later is needed"))
}

/// Compares the first two numbers of versions such as `1.89.0-nightly`.
fn is_older(version: &str, least: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        let parts = text.split(|c: char| !c.is_ascii_digit());
        parts.take(2).flat_map(str::parse).collect()
    };
    numbers(version) < numbers(least)
}

fn cargo(toolchain: &Toolchain) -> Finding {
    match first_line(&toolchain.cargo, "--version") {
        Some(version) => Finding::ok("cargo", version),
        None => Finding::broken(
            "cargo",
            format!("`{}` cannot be run", toolchain.cargo.display()),
            "rustup toolchain install stable",
        ),
    }
}

/// Links a program as a check is linked, and runs it where a check is run.
fn linker(course: &Course, toolchain: &Toolchain) -> Finding {
    let about = "linker";
    let begun = Instant::now();
    let scratch = match Scratch::new(&course.work_folder()) {
        Ok(scratch) => scratch,
        Err(error) => return Finding::broken(about, error.to_string(), free_target()),
    };
    let source = scratch.path().join("empty.rs");
    let program = scratch.path().join("empty");
    if let Err(error) = fs::write(&source, "fn main() {}\n") {
        let error = GradeError::io("write", &source, &error);
        return Finding::broken(about, error.to_string(), free_target());
    }
    let mut command = toolchain.rustc(scratch.path());
    command.arg(&source).arg("-o").arg(&program);
    let said = match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(said) = said {
        let line = said.lines().next().unwrap_or_default().to_owned();
        return Finding::broken(about, line, install_linker());
    }
    match Command::new(&program).stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Finding::ok(
            about,
            format!(
                "an empty program links and runs, {:.1} s",
                begun.elapsed().as_secs_f32()
            ),
        ),
        ended => {
            let why = match ended {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            };
            Finding::broken(
                about,
                format!("an empty program links but does not run: {why}"),
                free_target(),
            )
        }
    }
}

fn install_linker() -> &'static str {
    if cfg!(target_os = "macos") {
        "xcode-select --install"
    } else if cfg!(windows) {
        "winget install Microsoft.VisualStudio.2022.BuildTools"
    } else {
        "sudo apt install gcc"
    }
}

fn free_target() -> &'static str {
    "CARGO_TARGET_DIR=/tmp/wt cargo xtask doctor"
}

fn room(course: &Course) -> Finding {
    let work = course.work_folder();
    let folder = work.ancestors().find(|folder| folder.is_dir());
    match folder.and_then(disk::free) {
        None => Finding::ok("disk", "this system does not tell how much room is left"),
        Some(free) if free < ROOM => Finding::broken(
            "disk",
            format!(
                "{} MiB are free; the first build needs {}",
                free >> 20,
                ROOM >> 20
            ),
            "cargo clean",
        ),
        Some(free) => {
            let free = free >> 20;
            let shown = match free {
                0..10_240 => format!("{free} MiB"),
                _ => format!("{} GiB", free >> 10),
            };
            Finding::ok("disk", format!("{shown} are free"))
        }
    }
}

/// Whether files can be made where a learner works.
fn permission(course: &Course) -> Finding {
    let about = "folder";
    let name = format!(".wt-doctor-{}", std::process::id());
    let exercises = course
        .lessons
        .iter()
        .map(|lesson| lesson.exercise.join("src"));
    for folder in [course.root.clone()].into_iter().chain(exercises) {
        let path = folder.join(&name);
        let made = fs::write(&path, "").and_then(|()| fs::remove_file(&path));
        if let Err(error) = made {
            let folder = folder.display();
            let text = format!("`{folder}` cannot be written to: {error}");
            return Finding::broken(about, text, format!("ls -ld {folder}"));
        }
    }
    Finding::ok(about, "the course and its exercises can be written to")
}

fn kit(course: &Course, toolchain: &Toolchain) -> Finding {
    let about = "kit";
    match Kit::of(course, toolchain, Facade::Record) {
        Err(error) => Finding::broken(about, error.to_string(), "git status"),
        Ok(kit) if kit.is_fresh() => Finding::ok(about, "built and fresh"),
        Ok(_) => Finding::missing(
            about,
            "not built yet, or out of date; the next check builds it in some seconds",
            "cargo xtask check 01",
        ),
    }
}

fn left_behind(course: &Course) -> Finding {
    match Scratch::count_left_behind(&course.work_folder()) {
        0 => Finding::ok("scratch", "no killed run has left anything"),
        n => Finding::missing(
            "scratch",
            format!("killed runs have left {n} folders; the next check removes them"),
            "cargo xtask check",
        ),
    }
}

/// The set-up with which rust-analyzer and a check never wait for each other.
fn editor(course: &Course) -> Finding {
    let files = [
        (".vscode/settings.json", "rust-analyzer.cargo.targetDir"),
        (".zed/settings.json", "targetDir"),
        (".helix/languages.toml", "targetDir"),
        (".cargo/config.toml", "--profile xtask"),
    ];
    let lacks = files.iter().find(|(file, words)| {
        let text = fs::read_to_string(course.root.join(file)).unwrap_or_default();
        !text.contains(words)
    });
    match lacks {
        None => Finding::ok("editor", "rust-analyzer builds in a folder of its own"),
        Some((file, words)) => Finding::missing(
            "editor",
            format!("`{file}` does not say `{words}`, so an editor may keep commands waiting"),
            format!("git checkout {file}"),
        ),
    }
}

/// A program that nothing needs but one thing is better with.
struct Tool {
    name: &'static str,
    /// Any of these will do.
    programs: &'static [&'static str],
    /// What it is good for.
    good_for: &'static str,
    install: &'static str,
}

const OPTIONAL: &[Tool] = &[
    Tool {
        name: "rust-analyzer",
        programs: &["rust-analyzer"],
        good_for: "for editors that do not bring it along",
        install: "rustup component add rust-analyzer rust-src",
    },
    Tool {
        name: "mdbook",
        programs: &["mdbook"],
        good_for: "shows the chapters as a site",
        install: "cargo install mdbook --locked",
    },
    Tool {
        name: "chromium",
        programs: &["chromium", "chromium-browser", "google-chrome"],
        good_for: "for contributors: looks at the site as a reader does",
        install: "sudo apt install chromium",
    },
    Tool {
        name: "cargo-insta",
        programs: &["cargo-insta"],
        good_for: "for contributors: reviews snapshots",
        install: "cargo install cargo-insta --locked",
    },
    Tool {
        name: "cargo-nextest",
        programs: &["cargo-nextest"],
        good_for: "for contributors: runs the tests faster",
        install: "cargo install cargo-nextest --locked",
    },
    Tool {
        name: "bubblewrap",
        programs: &["bwrap"],
        good_for: "for instructors: shuts strangers' programs in",
        install: "sudo apt install bubblewrap",
    },
];

impl Tool {
    fn look(&self) -> Finding {
        let found =
            (self.programs.iter()).find_map(|program| first_line(Path::new(program), "--version"));
        match found {
            Some(version) => Finding::ok(self.name, version),
            None => Finding::missing(self.name, self.good_for, self.install),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_older("1.9.0", "1.89"));
        assert!(!is_older("1.100.0-nightly", "1.89"));
        assert!(!is_older("1.89.0", "1.89"));
    }
}
