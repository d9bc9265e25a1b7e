//! Grades lessons and prints one document. `cargo xtask check --format` starts it:
//!
//! ```text
//! wt-formats --format json|junit|github|gradescope [--all] [LESSON]
//! ```
//!
//! stdout is the document alone; what a person may want to know meanwhile goes to
//! stderr.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use lexopt::{Arg, ValueExt};
use wt_formats::graded::exit;
use wt_formats::{Format, Graded, github};
use wt_grader::exploring::Teller;
use wt_grader::{Course, GradeError, Lesson, LessonReport, Session, cancel};

/// What was typed.
struct Given {
    format: Format,
    all: bool,
    lesson: Option<String>,
}

fn main() -> ExitCode {
    let _guard = wt_grader::guard::Guard::start();
    match run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            tell(&format!("error: {error}"));
            ExitCode::from(match error {
                GradeError::Usage(_) => exit::USAGE,
                GradeError::Course(_) | GradeError::Fault(_) => exit::FAULT,
                GradeError::Cancelled => exit::INTERRUPTED,
            })
        }
    }
}

fn run() -> Result<u8, GradeError> {
    let given = parse().map_err(|error| GradeError::Usage(error.to_string()))?;
    if let Err(error) = cancel::listen() {
        tell(&format!("error: cannot listen for Ctrl-C: {error}"));
    }
    let here = std::env::current_dir().map_err(|error| {
        GradeError::Usage(format!("the current folder cannot be used: {error}"))
    })?;
    let course = Course::find(&here)?;
    let graded = grade(&course, &given)?;
    if let Some(error) = &graded.error {
        tell(&format!(
            "error: the grader could not do its work, and your code is not to blame\n       {error}"
        ));
    }
    if given.format == Format::Github {
        summarise(&graded)?;
    }
    if let Some(document) = given.format.document(&graded) {
        // A closed pipe, as in `| head`, is no error.
        let mut out = std::io::stdout().lock();
        let _ = out
            .write_all(document.as_bytes())
            .and_then(|()| out.flush());
    }
    Ok(graded.exit_code())
}

fn parse() -> Result<Given, lexopt::Error> {
    let mut given = Given {
        format: Format::Json,
        all: false,
        lesson: None,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("format") => {
                given.format = parser.value()?.parse_with(|word| {
                    Format::called(word).ok_or("it is one of json, junit, github, gradescope")
                })?;
            }
            Arg::Long("all") => given.all = true,
            Arg::Value(word) if given.lesson.is_none() => {
                given.lesson = Some(word.to_string_lossy().into_owned());
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(given)
}

/// Grades one lesson, or lesson after lesson; without `--all` up to the first
/// that does not pass.
fn grade(course: &Course, given: &Given) -> Result<Graded, GradeError> {
    let lessons = match &given.lesson {
        Some(name) => vec![course.lesson(name)?],
        None => course.lessons.iter().collect(),
    };
    let start = Instant::now();
    let mut reports = Vec::new();
    let error = match grade_into(&mut reports, course, &lessons, given.all) {
        Ok(()) => None,
        Err(error @ (GradeError::Course(_) | GradeError::Fault(_))) => Some(error),
        Err(error) => return Err(error),
    };
    Ok(Graded {
        course: course.title.clone(),
        reports,
        error,
        took: start.elapsed(),
        prefix: prefix(&course.root),
    })
}

fn grade_into(
    reports: &mut Vec<LessonReport>,
    course: &Course,
    lessons: &[&Lesson],
    all: bool,
) -> Result<(), GradeError> {
    let mut session = Session::open(course, false, || {
        tell("building the kit; this happens once, and after an update");
    })?;
    session.teller = Teller::new(tell);
    for lesson in lessons {
        tell(&format!("checking {}", lesson.label()));
        let report = session.check(lesson)?;
        let passed = report.passed();
        reports.push(report);
        if !passed && !all {
            break;
        }
    }
    Ok(())
}

/// Where the course is in the repository that GitHub has checked out.
fn prefix(root: &Path) -> String {
    let inner = std::env::var_os("GITHUB_WORKSPACE").and_then(|workspace| {
        let workspace = Path::new(&workspace).canonicalize().ok()?;
        let root = root.canonicalize().ok()?;
        Some(root.strip_prefix(workspace).ok()?.to_owned())
    });
    match inner {
        Some(inner) if !inner.as_os_str().is_empty() => {
            format!("{}/", inner.to_string_lossy().replace('\\', "/"))
        }
        _ => String::new(),
    }
}

/// Adds to the file that GitHub shows as the job's summary, if there is one.
fn summarise(graded: &Graded) -> Result<(), GradeError> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .map_err(|error| GradeError::io("open", Path::new(&path), &error))?;
    file.write_all(github::summary(graded).as_bytes())
        .map_err(|error| GradeError::io("write", Path::new(&path), &error))
}

fn tell(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
