//! From source to program, by rustc alone.
//!
//! Two steps in a private folder: the learner's library from the bytes that were
//! read, then the hidden checks against it. The second step is ours, so its
//! errors are told without its source.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::disk;
use crate::error::GradeError;
use crate::jail::{Jail, for_rustc};
use crate::kit::Kit;
use crate::lesson::Lesson;
use crate::process::{self, End, Finished, Limits};
use crate::source::SourceSet;
use crate::toolchain::Toolchain;
use crate::trace::{EXAMPLE, SCENARIO};
use crate::verdict::Word;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(60),
    output: 16 << 20,
    threads: 512,
};

const DISK_FULL: &str = "the disk is full: free some space and run it again";
/// With less than this rustc may fail for want of room.
const FULL: u64 = 64 << 20;

/// The names under which sources appear in messages and backtraces.
pub const HIDDEN: &str = "hidden";

/// Builds one lesson in one folder.
#[derive(Debug, Clone, Copy)]
pub struct Compiler<'a> {
    /// rustc.
    pub toolchain: &'a Toolchain,
    /// What to link.
    pub kit: &'a Kit,
    /// The lesson.
    pub lesson: &'a Lesson,
    /// An empty folder.
    pub folder: &'a Path,
    /// What rustc keeps of the hidden checks from one run to the next.
    pub kept: &'a Path,
    /// Whether rustc colours what it says.
    pub color: bool,
    /// What encloses rustc; nothing is kept from one run to the next then.
    pub jail: Option<&'a dyn Jail>,
}

/// What came of a compilation.
#[derive(Debug, Clone)]
pub enum Compiled<T> {
    /// It compiled.
    Done(T),
    /// rustc found errors.
    Errors(Diagnostics),
    /// rustc crashed or passed a limit on this source.
    GaveUp(String),
}

/// What rustc said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    /// Its own rendering.
    pub rendered: String,
    /// The error codes in it, such as `E0382`.
    pub codes: BTreeSet<String>,
}

impl Diagnostics {
    /// Whether the source uses what no solution may use: `unsafe`, in whatever form.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        let marks = ["`-F unsafe-code`", "incompatible with previous forbid"];
        marks.iter().any(|mark| self.rendered.contains(mark))
    }

    /// The word for it.
    #[must_use]
    pub fn word(&self) -> Word {
        match self.is_forbidden() {
            true => Word::NotAllowed,
            false => Word::DidNotCompile,
        }
    }
}

/// A compiled library of a learner, or of the solution.
#[derive(Debug, Clone)]
pub struct Library {
    path: PathBuf,
    /// rustc's warnings; empty if there were none.
    pub warnings: String,
}

impl Compiler<'_> {
    /// Compiles a library without `unsafe`.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if rustc cannot be run at all.
    pub fn library(&self, source: &SourceSet) -> Result<Compiled<Library>, GradeError> {
        let src = self.folder.join("src");
        source.write(&src)?;
        let path = self
            .folder
            .join(format!("lib{}.rlib", self.lesson.crate_name()));
        let mut command = self.rustc(&self.lesson.crate_name(), "rlib", &src.join("lib.rs"));
        command
            .args(self.kit.codegen())
            .args(["-F", "unsafe_code"])
            .args(["--color", if self.color { "always" } else { "never" }])
            .arg(remap(&src, &self.lesson.source_prefix()))
            .arg("-o")
            .arg(&path);
        let finished = self.run(command, &[])?;
        let said = without_files(&String::from_utf8_lossy(&finished.stderr));
        self.outcome(&finished, said, |warnings| Library { path, warnings })
    }

    /// Compiles the hidden checks against `library`.
    ///
    /// Most of this program is the same for every solution, so rustc may reuse
    /// what it kept. That is only believed when it compiles: if it does not, it is
    /// done again from nothing, and what was kept is thrown away.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if rustc cannot be run at all.
    pub fn checks(&self, library: &Library) -> Result<Compiled<PathBuf>, GradeError> {
        let program = self.folder.join("checks");
        if self.jail.is_none() {
            let mut command = self.rustc_for_checks(library, &program);
            command.arg("-C").arg(joined("incremental=", self.kept));
            if process::run(command, b"", LIMITS)?.end == End::Exited(0) {
                return Ok(Compiled::Done(program));
            }
        }
        let hidden = self.lesson.solution().join("hidden");
        let finished = self.run(self.rustc_for_checks(library, &program), &[hidden])?;
        let said = String::from_utf8_lossy(&finished.stderr).into_owned();
        Ok(match self.outcome(&finished, said, |_| program)? {
            Compiled::Errors(mut diagnostics) => {
                diagnostics.rendered = without_places(&diagnostics.rendered);
                Compiled::Errors(diagnostics)
            }
            Compiled::Done(program) => {
                let _ = std::fs::remove_dir_all(self.kept);
                Compiled::Done(program)
            }
            gave_up => gave_up,
        })
    }

    fn rustc_for_checks(&self, library: &Library, program: &Path) -> Command {
        let hidden = self.lesson.solution().join("hidden");
        let mut command = self.rustc("checks", "bin", &hidden.join("checks.rs"));
        command
            // What was kept is only good for the same folder.
            .current_dir(&hidden)
            // Few object files: the linker takes half of the time after an edit.
            .args(["-C", "codegen-units=16"])
            .arg("--extern")
            .arg(extern_crate("wt_check", &self.kit.check()));
        self.against(library, &mut command);
        command
            .args([
                "--cap-lints",
                "allow",
                "--error-format",
                "short",
                "--color",
                "never",
            ])
            .arg(remap(&hidden, HIDDEN))
            .arg("-o")
            .arg(program);
        command
    }

    /// Compiles the visible test against `library`, as a libtest program.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if rustc cannot be run at all.
    pub fn visible(&self, library: &Library) -> Result<Compiled<PathBuf>, GradeError> {
        let program = self.folder.join("visible");
        let mut command = self.rustc(
            "visible",
            "bin",
            &self.lesson.exercise.join("tests/visible.rs"),
        );
        command.args(["--test", "--cap-lints", "allow", "--color", "never"]);
        self.against(library, &mut command);
        command.arg("-o").arg(&program);
        let finished = process::run(command, b"", LIMITS)?;
        let said = String::from_utf8_lossy(&finished.stderr).into_owned();
        outcome(&finished, said, |_| program)
    }

    /// Compiles a workload against `library`, as a program that prints its answer.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if rustc cannot be run at all.
    pub fn workload(
        &self,
        bench: &Path,
        library: &Library,
    ) -> Result<Compiled<PathBuf>, GradeError> {
        let path = self.folder.join("libworkload.rlib");
        let mut command = self.rustc("workload", "rlib", bench);
        command.args(["--color", "never"]);
        self.against(library, &mut command);
        command.arg("-o").arg(&path);
        let finished = process::run(command, b"", LIMITS)?;
        let said = String::from_utf8_lossy(&finished.stderr).into_owned();
        let compiled = outcome(&finished, said, |_| path)?;
        let Compiled::Done(path) = compiled else {
            return Ok(compiled);
        };
        let uses = self.folder.join("uses.rs");
        std::fs::write(&uses, include_str!("../templates/bench/uses.rs"))
            .map_err(|error| GradeError::io("write", &uses, &error))?;
        let program = self.folder.join("uses");
        let mut command = self.rustc("uses", "bin", &uses);
        command
            .args(["--color", "never", "--extern"])
            .arg(extern_crate("workload", &path))
            // The learner's library is one that the workload depends on.
            .arg("-L")
            .arg(joined("dependency=", self.folder))
            .arg("-o")
            .arg(&program);
        let finished = process::run(command, b"", LIMITS)?;
        let said = String::from_utf8_lossy(&finished.stderr).into_owned();
        outcome(&finished, said, |_| program)
    }

    /// Compiles the program that runs `part`: a scenario over `library`, or an
    /// example.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if rustc cannot be run at all.
    pub fn scenario(
        &self,
        main: &Path,
        library: Option<&Library>,
        part: &Path,
    ) -> Result<Compiled<PathBuf>, GradeError> {
        let program = self.folder.join("scenario");
        let mut command = self.rustc("scenario", "bin", main);
        command
            .args(["--cap-lints", "allow", "--color", "never", "--extern"])
            .arg(extern_crate("wt_check", &self.kit.check()));
        if let Some(library) = library {
            self.against(library, &mut command);
        }
        let folder = part.parent().unwrap_or(part);
        let name = if library.is_some() { SCENARIO } else { EXAMPLE };
        command.arg(remap(folder, name)).arg("-o").arg(&program);
        let finished = process::run(command, b"", LIMITS)?;
        let said = String::from_utf8_lossy(&finished.stderr).into_owned();
        outcome(&finished, said, |_| program)
    }

    /// The error codes that a program which uses `library` provokes; none if it
    /// compiles.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if rustc cannot be run at all.
    pub fn codes_of(&self, program: &Path, library: &Library) -> Result<Compiled<()>, GradeError> {
        let mut command = self.rustc("must_not_compile", "bin", program);
        command.args([
            "--emit",
            "metadata",
            "--cap-lints",
            "allow",
            "--color",
            "never",
        ]);
        self.against(library, &mut command);
        command.arg("--out-dir").arg(self.folder);
        let finished = self.run(command, &[program.to_owned()])?;
        let said = String::from_utf8_lossy(&finished.stderr).into_owned();
        self.outcome(&finished, said, |_| ())
    }

    /// Runs rustc, which may read the kit and `reads`, and write to our folder.
    fn run(&self, command: Command, reads: &[PathBuf]) -> Result<Finished, GradeError> {
        let room = || {
            let mut all = vec![self.kit.folder()];
            all.extend_from_slice(reads);
            for_rustc(self.folder, all)
        };
        process::run_in(self.jail, room, command, b"", LIMITS)
    }

    /// The outcome of a stranger's source, whose words may be in what rustc says: only the
    /// disk itself tells whether it is full.
    fn outcome<T>(
        &self,
        finished: &Finished,
        said: String,
        done: impl FnOnce(String) -> T,
    ) -> Result<Compiled<T>, GradeError> {
        if self.jail.is_none() {
            return outcome(finished, said, done);
        }
        let is_full = disk::free(self.folder).is_some_and(|free| free < FULL);
        if is_full && finished.end != End::Exited(0) {
            return Err(GradeError::Fault(DISK_FULL.into()));
        }
        Ok(judged(finished, said, done))
    }

    fn rustc(&self, name: &str, kind: &str, file: &Path) -> Command {
        let mut command = self.toolchain.rustc(self.folder);
        let dependencies = self.kit.dependencies();
        command
            .args([
                "--edition",
                "2024",
                "--crate-name",
                name,
                "--crate-type",
                kind,
            ])
            .args(["-C", "debuginfo=line-tables-only"])
            .arg("-L")
            .arg(joined("dependency=", &dependencies))
            .arg("--extern")
            .arg(extern_crate("wt_core", &self.kit.core()))
            .env("CARGO_MANIFEST_DIR", &self.lesson.exercise)
            .env("CARGO_PKG_NAME", format!("ex{}", self.lesson.folder))
            .arg(file);
        command
    }

    fn against(&self, library: &Library, command: &mut Command) {
        command
            .arg("--extern")
            .arg(extern_crate(&self.lesson.crate_name(), &library.path));
    }
}

fn outcome<T>(
    finished: &Finished,
    said: String,
    done: impl FnOnce(String) -> T,
) -> Result<Compiled<T>, GradeError> {
    // Writing to a mapped file on a full disk is a bus error.
    let bus_error = finished.end == End::Signalled(7);
    match fault(&said, bus_error) {
        Some(fault) => Err(GradeError::Fault(fault)),
        None => Ok(judged(finished, said, done)),
    }
}

fn judged<T>(finished: &Finished, said: String, done: impl FnOnce(String) -> T) -> Compiled<T> {
    match &finished.end {
        End::Exited(0) => Compiled::Done(done(said)),
        End::Exited(1) => Compiled::Errors(Diagnostics {
            codes: codes(&said),
            rendered: said,
        }),
        End::TimedOut(_) => {
            Compiled::GaveUp(format!("time: rustc was not done after {:?}", LIMITS.time))
        }
        End::TooMuchOutput => {
            Compiled::GaveUp("output: rustc said more than anyone can read".into())
        }
        End::Exited(_) | End::Signalled(_) if said.contains("memory allocation of ") => {
            Compiled::GaveUp("memory: rustc needed more than it may have".into())
        }
        End::Exited(code) => {
            Compiled::GaveUp(format!("crash: rustc ended with code {code}\n{said}"))
        }
        End::Signalled(signal) => {
            Compiled::GaveUp(format!("crash: rustc was ended by signal {signal}\n{said}"))
        }
        End::TooManyThreads(n) => Compiled::GaveUp(format!("threads: rustc had {n}")),
        End::OverLimit(what) => Compiled::GaveUp(what.clone()),
    }
}

/// Trouble of the machine and not of the source.
fn fault(said: &str, bus_error: bool) -> Option<String> {
    if bus_error || said.contains("No space left on device") || said.contains("os error 28") {
        return Some(DISK_FULL.into());
    }
    if said.contains("linker `") && said.contains("not found") {
        return Some("rustc finds no linker: install a C compiler, as in `apt install gcc`".into());
    }
    if said.contains("linking with `") {
        return Some(
            "the linker failed. Mostly that means that the disk is full: free some space and run it again"
                .into(),
        );
    }
    None
}

/// The codes in lines such as `error[E0382]: use of moved value`.
fn codes(said: &str) -> BTreeSet<String> {
    said.match_indices("error[E")
        .filter_map(|(at, _)| said[at + 6..].split(']').next())
        .map(str::to_owned)
        .collect()
}

/// Takes out the notes that name a file in the private folder, which is about to
/// be removed.
fn without_files(said: &str) -> String {
    let gone = [
        "the full name for the type has been written to",
        "to print the full type name to the console",
    ];
    let kept = said
        .split_inclusive('\n')
        .filter(|line| !gone.iter().any(|words| line.contains(words)));
    kept.collect()
}

/// Keeps `error[E0599]: no method ...` of `hidden/checks.rs:9:5: error[E0599]: ...`.
fn without_places(said: &str) -> String {
    let mut lines: Vec<&str> = said
        .lines()
        .filter_map(|line| line.find(": error").map(|at| &line[at + 2..]))
        .collect();
    lines.dedup();
    if lines.is_empty() {
        said.to_owned()
    } else {
        lines.join("\n")
    }
}

fn remap(from: &Path, to: &str) -> OsString {
    let mut argument = joined("--remap-path-prefix=", from);
    argument.push("=");
    argument.push(to);
    argument
}

fn extern_crate(name: &str, path: &Path) -> OsString {
    joined(&format!("{name}="), path)
}

fn joined(prefix: &str, path: &Path) -> OsString {
    let mut text = OsString::from(prefix);
    text.push(path);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_coloured_text_too() {
        let said =
            "\u{1b}[1m\u{1b}[91merror[E0382]\u{1b}[0m: use\nerror: aborting\nerror[E0277]: no\n";
        assert_eq!(
            codes(said).into_iter().collect::<Vec<_>>(),
            ["E0277", "E0382"]
        );
    }

    #[test]
    fn a_note_about_a_file_that_goes_is_left_out() {
        let said = "error: no\n   = note: the full name for the type has been written to '/t/a.txt'\n   = note: consider using `--verbose` to print the full type name to the console\n\n";
        assert_eq!(without_files(said), "error: no\n\n");
    }

    #[test]
    fn an_error_in_the_hidden_checks_is_told_without_its_place() {
        let said = "hidden/checks.rs:9:5: error[E0599]: no method named `pop` found\nerror: aborting due to 1 previous error\n";
        assert_eq!(
            without_places(said),
            "error[E0599]: no method named `pop` found"
        );
    }
}
