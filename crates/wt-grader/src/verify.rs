//! Proof that the course holds together.
//!
//! For each lesson: the files are there and their links lead somewhere; the
//! starter builds without warnings and fails; the solution and every other right
//! one pass everything; every known-bad solution fails exactly the checks it
//! names, with the words it names, and says what its snapshot says; at least one
//! known-bad solution passes the visible test; a scenario comes to its end with the
//! reference, and is the same each time.

use std::path::{Path, PathBuf};

use crate::book;
use crate::compile::Compiled;
use crate::course::Course;
use crate::error::GradeError;
use crate::files::sorted_entries;
use crate::lesson::{Lesson, Mode, Track};
use crate::limits::TimeLimits;
use crate::mistake::stem;
use crate::process::{self, End, Limits};
use crate::report::{self, Style};
use crate::scratch::Scratch;
use crate::session::{Known, LessonReport, Outcome, Session, in_parallel, list_checks};
use crate::source::SourceSet;

mod bad;
mod bench;
mod files;
mod scenario;

/// The first line of every other right solution begins with this.
const ALSO_MARK: &str = "//! Also right: ";

/// What `verify` found about one source or one set of files.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Such as `03 bad/lost_wakeup`.
    pub subject: String,
    /// Each a sentence; empty if all is well.
    pub problems: Vec<String>,
    /// What was wrong before it was graded again and held.
    pub flaky: Vec<String>,
}

/// What to verify.
#[derive(Debug, Clone)]
struct Item<'a> {
    lesson: &'a Lesson,
    limits: TimeLimits,
    subject: Subject,
}

#[derive(Debug, Clone)]
enum Subject {
    Files,
    Visible,
    Starter,
    Solution,
    Bench,
    Scenario,
    Also(PathBuf),
    Bad(PathBuf),
    /// The solution, or one in `also`, without the façade's record.
    Plain(Option<PathBuf>),
}

/// How to verify.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Write what is found as the new truth: starters' copies, verdict texts.
    pub bless: bool,
    /// How many sources are graded at the same time.
    pub jobs: usize,
    /// How often the checks of a source are run; at least once.
    pub runs: usize,
    /// How often a source that does not hold is graded again, alone; one that holds
    /// then is [flaky](Finding::flaky).
    pub retries: usize,
}

/// Verifies `lessons`; `announce` is called before a kit is built, `tell` with each
/// finding as it comes.
///
/// Blocks until all is done.
///
/// # Errors
///
/// [`GradeError`] if something keeps the grader from working; a course that does
/// not hold together is no error but a finding with problems.
pub fn verify(
    session: &Session<'_>,
    lessons: &[&Lesson],
    options: Options,
    announce: impl FnOnce(),
    tell: impl Fn(&Finding) + Sync,
) -> Result<Vec<Finding>, GradeError> {
    // Of use only while this runs, and large with many lessons and jobs.
    let kept = Scratch::new(&session.course.work_folder())?;
    let session = Session {
        kept: kept.path().to_owned(),
        ..session.clone()
    };
    let plain = session.plain(announce)?;
    let mut findings = Vec::new();
    let has_book = session.course.root.join(Course::SUMMARY).is_file();
    if has_book && lessons.len() == session.course.lessons.len() {
        let finding = Finding {
            subject: String::from("book"),
            problems: book::problems(session.course)?,
            flaky: Vec::new(),
        };
        tell(&finding);
        findings.push(finding);
    }
    let mut items = Vec::new();
    for lesson in lessons {
        let limits = match TimeLimits::measured(&session, lesson) {
            // What is wrong with the solution is found where it is graded.
            Err(GradeError::Course(_)) => TimeLimits::default(),
            limits => limits?,
        };
        items.extend(items_of(lesson, &limits)?);
    }
    let graded = in_parallel(&items, options.jobs, |item| {
        let finding = examine(&session, &plain, item, options)?;
        if finding.problems.is_empty() || options.retries == 0 {
            tell(&finding);
        }
        Ok(finding)
    })?;
    for (item, mut finding) in items.iter().zip(graded) {
        if !finding.problems.is_empty() && options.retries > 0 {
            finding = again(finding, options.retries, || {
                examine(&session, &plain, item, options)
            })?;
            tell(&finding);
        }
        findings.push(finding);
    }
    if options.bless {
        for lesson in lessons {
            bad::settle_hints(lesson)?;
        }
    }
    Ok(findings)
}

/// What comes of grading again what did not hold. nextest does the same with tests,
/// and calls them flaky, too.
fn again(
    first: Finding,
    retries: usize,
    mut examine: impl FnMut() -> Result<Finding, GradeError>,
) -> Result<Finding, GradeError> {
    let mut last = first.clone();
    for _ in 0..retries {
        last = examine()?;
        if last.problems.is_empty() {
            last.flaky = first.problems;
            break;
        }
    }
    Ok(last)
}

fn items_of<'a>(lesson: &'a Lesson, limits: &TimeLimits) -> Result<Vec<Item<'a>>, GradeError> {
    let mut subjects = vec![
        Subject::Files,
        Subject::Visible,
        Subject::Starter,
        Subject::Solution,
    ];
    subjects.push(Subject::Plain(None));
    for path in rust_files(&lesson.solution().join("also"))? {
        subjects.push(Subject::Also(path.clone()));
        subjects.push(Subject::Plain(Some(path)));
    }
    if lesson.solution().join("bench").exists() {
        subjects.push(Subject::Bench);
    }
    if lesson.solution().join("trace").exists() {
        subjects.push(Subject::Scenario);
    }
    subjects.extend(
        rust_files(&lesson.solution().join("bad"))?
            .into_iter()
            .map(Subject::Bad),
    );
    Ok(subjects
        .into_iter()
        .map(|subject| Item {
            lesson,
            limits: limits.clone(),
            subject,
        })
        .collect())
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, GradeError> {
    let mut files = sorted_entries(folder)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    Ok(files)
}

fn examine(
    session: &Session<'_>,
    plain: &Session<'_>,
    item: &Item<'_>,
    options: Options,
) -> Result<Finding, GradeError> {
    let lesson = item.lesson;
    let (name, problems) = match &item.subject {
        Subject::Files => (String::from("files"), files_and_counts(session, lesson)?),
        Subject::Visible => (
            String::from("visible test"),
            visible_is_not_enough(session, lesson)?,
        ),
        Subject::Starter => (String::from("starter"), starter(session, item, options)?),
        Subject::Solution => (String::from("solution"), solution(session, item, options)?),
        Subject::Bench => (String::from("bench"), bench::problems(session, lesson)?),
        Subject::Scenario => (String::from("trace"), scenario::problems(session, lesson)?),
        Subject::Also(path) => (
            format!("also/{}", stem(path)),
            also(session, item, path, options)?,
        ),
        Subject::Bad(path) => (
            format!("bad/{}", stem(path)),
            bad::examine(session, item, path, options)?,
        ),
        Subject::Plain(None) => (
            String::from("solution, on std"),
            on_std(plain, item, &lesson.solution().join("src"), options)?,
        ),
        Subject::Plain(Some(path)) => (
            format!("also/{}, on std", stem(path)),
            on_std(plain, item, path, options)?,
        ),
    };
    Ok(Finding {
        subject: format!("{:02} {name}", lesson.number),
        problems,
        flaky: Vec::new(),
    })
}

/// A right solution is right with std and crossbeam-channel themselves, too.
fn on_std(
    plain: &Session<'_>,
    item: &Item<'_>,
    path: &Path,
    options: Options,
) -> Result<Vec<String>, GradeError> {
    let source = if path.is_dir() {
        SourceSet::read(path)
    } else {
        SourceSet::single(path)
    };
    match source {
        Ok(source) => right(plain, item, &source, options),
        // It is named where it is graded with the record.
        Err(_) => Ok(Vec::new()),
    }
}

fn solution(
    session: &Session<'_>,
    item: &Item<'_>,
    options: Options,
) -> Result<Vec<String>, GradeError> {
    let lesson = item.lesson;
    let source = match SourceSet::read(&lesson.solution().join("src")) {
        Ok(source) => source,
        Err(rejected) => return Ok(vec![session.shown(rejected).to_string()]),
    };
    let mut problems = right(session, item, &source, options)?;
    problems.extend(listed(session, lesson, &source)?);
    Ok(problems)
}

fn also(
    session: &Session<'_>,
    item: &Item<'_>,
    path: &Path,
    options: Options,
) -> Result<Vec<String>, GradeError> {
    let source = match SourceSet::single(path) {
        Ok(source) => source,
        Err(rejected) => return Ok(vec![session.shown(rejected).to_string()]),
    };
    let mut problems = right(session, item, &source, options)?;
    if !source.root().starts_with(ALSO_MARK) {
        problems.push(format!("its first line must begin with `{ALSO_MARK}`"));
    }
    Ok(problems)
}

/// At least one known-bad solution passes the visible test.
fn visible_is_not_enough(
    session: &Session<'_>,
    lesson: &Lesson,
) -> Result<Vec<String>, GradeError> {
    for path in rust_files(&lesson.solution().join("bad"))? {
        // One that cannot be read is named where it is graded.
        let Ok(source) = SourceSet::single(&path) else {
            continue;
        };
        if visible_passes(session, lesson, &source)? {
            return Ok(Vec::new());
        }
    }
    let problem = "every known-bad solution fails it, so the hidden checks add nothing";
    Ok(vec![problem.into()])
}

fn files_and_counts(session: &Session<'_>, lesson: &Lesson) -> Result<Vec<String>, GradeError> {
    let mut problems = files::problems(session.course, lesson);
    let count = |kind: &str| rust_files(&lesson.solution().join(kind)).map(|files| files.len());
    let least = if lesson.track == Track::Core { 5 } else { 3 };
    if count("bad")? < least {
        problems.push(format!(
            "known-bad solutions: {}; it needs {least}",
            count("bad")?
        ));
    }
    if count("also")? < 1 {
        problems.push("it has no other right solution in `also`".into());
    }
    Ok(problems)
}

/// A starter builds without warnings, fails, and is what `reset` brings back.
fn starter(
    session: &Session<'_>,
    item: &Item<'_>,
    options: Options,
) -> Result<Vec<String>, GradeError> {
    let lesson = item.lesson;
    let mut problems = Vec::new();
    let copy = lesson.starter();
    let exercise = lesson.exercise.join("src/lib.rs");
    let source = match SourceSet::single(&exercise) {
        Ok(source) => source,
        Err(rejected) => return Ok(vec![session.shown(rejected).to_string()]),
    };
    if options.bless {
        crate::files::replace(&copy, source.root())?;
    } else if std::fs::read_to_string(&copy).ok().as_deref() != Some(source.root()) {
        problems.push(format!(
            "`{}` is not the starter in `{}`; after a change of the starter run `cargo xtask verify --bless`, \
             to undo an edit run `cargo xtask reset {:02}`",
            shown(session, &exercise),
            shown(session, &copy),
            lesson.number
        ));
    }
    let report = session.grade(lesson, &source, &item.limits)?;
    match &report.outcome {
        Outcome::Checked { warnings, .. } if !warnings.trim().is_empty() => {
            problems.push(format!("it builds with warnings:\n{warnings}"));
        }
        Outcome::Checked { .. } => {}
        _ => problems.push(format!("it does not build:\n{}", text_of(&report))),
    }
    if report.passed() {
        problems.push("it passes every check: there is nothing left to do".into());
    }
    if visible_passes(session, lesson, &source)? {
        problems.push("it passes the visible test".into());
    }
    Ok(problems)
}

/// A right solution builds without warnings and passes everything.
fn right(
    session: &Session<'_>,
    item: &Item<'_>,
    source: &SourceSet,
    options: Options,
) -> Result<Vec<String>, GradeError> {
    let lesson = item.lesson;
    let mut problems = Vec::new();
    let reports = graded(session, item, source, options)?;
    match &reports[0].outcome {
        Outcome::Checked { warnings, .. } if !warnings.trim().is_empty() => {
            problems.push(format!("it builds with warnings:\n{warnings}"));
        }
        _ => {}
    }
    if let Some(failed) = reports.iter().find(|report| !report.passed()) {
        let often = odd(&reports, LessonReport::passed);
        problems.push(format!("it must pass, but{often}:\n{}", text_of(failed)));
    }
    if !visible_passes(session, lesson, source)? {
        problems.push("it fails the visible test".into());
    }
    Ok(problems)
}

/// Grades `source` as often as the options say.
fn graded(
    session: &Session<'_>,
    item: &Item<'_>,
    source: &SourceSet,
    options: Options,
) -> Result<Vec<LessonReport>, GradeError> {
    let times = options.runs.max(1);
    let outcomes = session.grade_times(item.lesson, source, &item.limits, times)?;
    Ok(outcomes
        .into_iter()
        .map(|outcome| LessonReport {
            lesson: item.lesson.clone(),
            outcome,
        })
        .collect())
}

/// Such as ` in 3 of 200 runs`, for the runs that are not as they should be.
fn odd(reports: &[LessonReport], right: impl Fn(&LessonReport) -> bool) -> String {
    match reports.len() {
        1 => String::new(),
        runs => {
            let odd = reports.iter().filter(|report| !right(report)).count();
            format!(" in {odd} of {runs} runs")
        }
    }
}

fn text_of(report: &LessonReport) -> String {
    report::lesson(
        report,
        None,
        Style {
            all: true,
            ..Style::default()
        },
    )
}

fn shown<'p>(session: &Session<'_>, path: &'p Path) -> std::path::Display<'p> {
    path.strip_prefix(&session.course.root)
        .unwrap_or(path)
        .display()
}

/// Whether the visible test, a libtest program, passes with `source`. It is ours
/// and judges nobody, so its exit code will do.
fn visible_passes(
    session: &Session<'_>,
    lesson: &Lesson,
    source: &SourceSet,
) -> Result<bool, GradeError> {
    let scratch = Scratch::new(&session.course.work_folder())?;
    let kept = session.kept(lesson, &scratch);
    let compiler = session.compiler(lesson, scratch.path(), &kept);
    let Compiled::Done(library) = compiler.library(source)? else {
        return Ok(false);
    };
    let Compiled::Done(program) = compiler.visible(&library)? else {
        return Ok(false);
    };
    let mut command = std::process::Command::new(program);
    command
        .env_clear()
        .env("TMPDIR", scratch.path())
        .current_dir(scratch.path());
    let limits = Limits {
        time: std::time::Duration::from_secs(5),
        output: 8 << 20,
        threads: 1024,
    };
    Ok(process::run(command, b"", limits)?.end == End::Exited(0))
}

/// The checks that the program knows but `lesson.toml` does not, and the reverse.
fn listed(
    session: &Session<'_>,
    lesson: &Lesson,
    source: &SourceSet,
) -> Result<Vec<String>, GradeError> {
    let scratch = Scratch::new(&session.course.work_folder())?;
    let kept = session.kept(lesson, &scratch);
    let compiler = session.compiler(lesson, scratch.path(), &kept);
    let Compiled::Done(library) = compiler.library(source)? else {
        return Ok(Vec::new());
    };
    let Compiled::Done(program) = compiler.checks(&library)? else {
        return Ok(Vec::new());
    };
    let known = list_checks(&program, scratch.path())?;
    let problem = |known: &Known| {
        let mode = if known.explored {
            Mode::Explore
        } else {
            Mode::Run
        };
        let name = &known.id;
        match lesson.checks.iter().find(|spec| spec.id == *name) {
            None => Some(format!(
                "`hidden/checks.rs` has `{name}`, but `lesson.toml` does not name it"
            )),
            Some(spec) if spec.mode != mode => Some(format!(
                "`{name}` is made by `{}!` in `hidden/checks.rs`, and has another mode in `lesson.toml`",
                if known.explored { "explore" } else { "check" }
            )),
            Some(_) => None,
        }
    };
    Ok(known.iter().filter_map(problem).collect())
}
