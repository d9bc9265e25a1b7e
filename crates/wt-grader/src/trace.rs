//! A scenario, run with every event kept, for `cargo xtask trace`.
//!
//! `solutions/NN-…/trace/scenario.rs` is a small program over the lesson's library:
//! its first line, `//! …`, is the title, and `pub fn scenario()` is run. It may use
//! `wt_core` and `wt_check::trace::span`. A program of a lesson's example is run the
//! same way, from its `main`.
//!
//! A scenario runs under a fixed schedule unless it cannot (`wt-sync`'s `record` says
//! when), and then its log is the same each time. `crates/wt-trace` draws the log;
//! `log.rs` there has the table of its lines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::compile::{Compiled, Diagnostics};
use crate::error::GradeError;
use crate::files::{read_course_file, sorted_entries};
use crate::lesson::Lesson;
use crate::process::{self, End, Limits};
use crate::scratch::Scratch;
use crate::session::Session;
use crate::source::{Rejected, SourceSet};

/// The name of a scenario's folder in messages and in the log.
pub const SCENARIO: &str = "trace";
/// The folder of an example in messages and in the log.
pub const EXAMPLE: &str = "example";

const LIMITS: Limits = Limits {
    // The program ends itself after 10 s.
    time: Duration::from_secs(15),
    output: 8 << 20,
    threads: 1024,
};

/// In which order the threads of a scenario run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// One at a time, in the same order each time.
    Fixed,
    /// As the system has it.
    Real,
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The lesson's scenario with the learner's code.
    Learner,
    /// The lesson's scenario with the reference.
    Reference,
    /// The lesson's scenario with a file of its solution's folder.
    File(PathBuf),
    /// The lesson's example.
    Example,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Recorded {
    /// A log, and the sources that its lines refer to, by their names in the log.
    Log(String, BTreeMap<String, String>),
    /// The source is not accepted.
    Rejected(Rejected),
    /// The learner's code does not compile, or not with the scenario.
    DoesNotCompile(Diagnostics),
    /// The compiler, or the program, passed a limit or died.
    GaveUp(String),
}

/// The scenario of a lesson, whether it is there or not.
#[must_use]
pub fn scenario(lesson: &Lesson) -> PathBuf {
    lesson.solution().join("trace/scenario.rs")
}

/// The lessons that have a scenario, by their folders.
#[must_use]
pub fn lessons_with_scenario(lessons: &[Lesson]) -> Vec<&str> {
    let has = |lesson: &&Lesson| scenario(lesson).is_file();
    let names = lessons.iter().filter(has);
    names.map(|lesson| lesson.folder.as_str()).collect()
}

/// The title of a scenario or an example: the first line of its header.
#[must_use]
pub fn title(source: &str) -> String {
    let first = source.lines().next().unwrap_or_default();
    let title = first.strip_prefix("//!").unwrap_or_default().trim();
    title.trim_end_matches('.').to_owned()
}

/// Compiles and runs it, and returns its log.
///
/// Blocks until it has ended, 15 s at most.
///
/// # Errors
///
/// [`GradeError::Usage`] if there is no scenario; others if it cannot be run at all.
pub fn record(
    session: &Session<'_>,
    lesson: &Lesson,
    whose: &Whose,
    pace: Pace,
) -> Result<Recorded, GradeError> {
    let scratch = Scratch::new(&session.course.work_folder())?;
    let folder = scratch.path();
    let kept = session.kept(lesson, &scratch);
    let compiler = session.compiler(lesson, folder, &kept);
    let mut sources = BTreeMap::new();
    let (library, part) = if *whose == Whose::Example {
        (None, example(lesson, &folder.join(EXAMPLE), &mut sources)?)
    } else {
        let source = match source(lesson, whose) {
            Ok(source) => source,
            Err(rejected) => return Ok(Recorded::Rejected(session.shown(rejected))),
        };
        let library = match compiler.library(&source)? {
            Compiled::Done(library) => library,
            Compiled::Errors(said) => return Ok(Recorded::DoesNotCompile(said)),
            Compiled::GaveUp(why) => return Ok(Recorded::GaveUp(why)),
        };
        add_sources(&folder.join("src"), &lesson.source_prefix(), &mut sources)?;
        let path = scenario(lesson);
        let text = read_course_file(&path)?;
        sources.insert(format!("{SCENARIO}/scenario.rs"), text);
        (Some(library), path)
    };
    let main = write_main(folder, &part, library.is_some())?;
    let program = match compiler.scenario(&main, library.as_ref(), &part)? {
        Compiled::Done(program) => program,
        Compiled::Errors(said) => return Ok(Recorded::DoesNotCompile(said)),
        Compiled::GaveUp(why) => return Ok(Recorded::GaveUp(why)),
    };
    let log = folder.join("log");
    let mut command = std::process::Command::new(program);
    let pace = if pace == Pace::Fixed { "fixed" } else { "real" };
    command
        .env_clear()
        .env("WT_TRACE_PACE", pace)
        .env("WT_TRACE_LOG", &log)
        .env("TMPDIR", folder)
        .current_dir(folder);
    let finished = process::run(command, b"", LIMITS)?;
    match std::fs::read(&log) {
        Ok(bytes) if finished.end == End::Exited(0) => {
            let log = String::from_utf8_lossy(&bytes).into_owned();
            Ok(Recorded::Log(log, sources))
        }
        _ => Ok(Recorded::GaveUp(format!(
            "the program ended without a log: {:?}\n{}",
            finished.end,
            String::from_utf8_lossy(&finished.stderr)
        ))),
    }
}

fn source(lesson: &Lesson, whose: &Whose) -> Result<SourceSet, Rejected> {
    match whose {
        Whose::File(path) => SourceSet::single(&lesson.solution().join(path)),
        Whose::Reference => SourceSet::read(&lesson.solution().join("src")),
        _ => SourceSet::read(&lesson.exercise.join("src")),
    }
}

/// Copies an example and makes its `main` one that can be called.
fn example(
    lesson: &Lesson,
    to: &Path,
    sources: &mut BTreeMap<String, String>,
) -> Result<PathBuf, GradeError> {
    let from = lesson.example().join("src");
    std::fs::create_dir_all(to).map_err(|error| GradeError::io("create", to, &error))?;
    for path in sorted_entries(&from)? {
        if path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap_or_default();
        let text = read_course_file(&path)?;
        sources.insert(format!("{EXAMPLE}/{}", name.display()), text.clone());
        let callable = text.replacen("\nfn main(", "\npub fn main(", 1);
        let copy = to.join(name);
        std::fs::write(&copy, callable).map_err(|error| GradeError::io("write", &copy, &error))?;
    }
    let main = to.join("main.rs");
    if main.is_file() {
        return Ok(main);
    }
    Err(GradeError::Course(format!(
        "`{}` has no `main.rs`",
        from.display()
    )))
}

fn add_sources(
    folder: &Path,
    prefix: &str,
    sources: &mut BTreeMap<String, String>,
) -> Result<(), GradeError> {
    for path in sorted_entries(folder)? {
        let name = format!(
            "{prefix}/{}",
            path.file_name().unwrap_or_default().display()
        );
        if path.is_dir() {
            add_sources(&path, &name, sources)?;
        } else {
            sources.insert(name, read_course_file(&path)?);
        }
    }
    Ok(())
}

fn write_main(folder: &Path, part: &Path, is_scenario: bool) -> Result<PathBuf, GradeError> {
    let call = if is_scenario { "scenario" } else { "main" };
    let text = format!(
        "#[path = {:?}]\nmod part;\nfn main() -> std::process::ExitCode {{\n    \
         wt_check::trace::run(|| {{\n        let _ = part::{call}();\n    }})\n}}\n",
        part.display().to_string()
    );
    let main = folder.join("trace_main.rs");
    std::fs::write(&main, text).map_err(|error| GradeError::io("write", &main, &error))?;
    Ok(main)
}
