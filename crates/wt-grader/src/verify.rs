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
use crate::compile::{Compiled, Compiler, Library};
use crate::course::Course;
use crate::error::GradeError;
use crate::files::sorted_entries;
use crate::lesson::{Lesson, Mode, Track};
use crate::limits::TimeLimits;
use crate::mistake::stem;
use crate::process::{self, End, Limits};
use crate::report::{self, Style};
use crate::scratch::Scratch;
use crate::session::{Known, LessonReport, Outcome, Session};
use crate::source::SourceSet;

mod bad;
mod bench;
mod files;
mod held;
mod scenario;
mod turns;

use held::Held;
use turns::in_turns;

/// The first line of every other right solution begins with this.
const ALSO_MARK: &str = "//! Also right: ";

/// What `verify` found about one source or one set of files.
#[derive(Debug, Clone, Default)]
pub struct Finding {
    /// Such as `03 bad/lost_wakeup`.
    pub subject: String,
    /// Each a sentence; empty if all is well.
    pub problems: Vec<String>,
    /// What was wrong before it was graded again and held.
    pub flaky: Vec<String>,
    /// It held before, and nothing that decides that has changed.
    pub unchanged: bool,
}

/// What to verify.
#[derive(Debug, Clone)]
struct Item<'a> {
    lesson: &'a Lesson,
    /// Which of the lessons it is.
    line: usize,
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
    /// Grade even what held before and has not changed.
    pub force: bool,
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
            ..Finding::default()
        };
        tell(&finding);
        findings.push(finding);
    }
    let mut items = Vec::new();
    for (line, lesson) in lessons.iter().enumerate() {
        items.extend(items_of(lesson, line)?);
    }
    let held = Held::open(&session);
    let graded = in_turns(
        &items,
        options.jobs,
        |item| item.line,
        |item| {
            let finding = examine_unless_held(&session, &plain, item, options, &held)?;
            if finding.problems.is_empty() || options.retries == 0 {
                tell(&finding);
            }
            Ok(finding)
        },
    )?;
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

fn items_of(lesson: &Lesson, line: usize) -> Result<Vec<Item<'_>>, GradeError> {
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
            line,
            subject,
        })
        .collect())
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, GradeError> {
    let mut files = sorted_entries(folder)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    Ok(files)
}

/// Examines an item, unless that would say again that it holds.
fn examine_unless_held(
    session: &Session<'_>,
    plain: &Session<'_>,
    item: &Item<'_>,
    options: Options,
    held: &Held,
) -> Result<Finding, GradeError> {
    let may_be_kept = options.runs <= 1 && !options.bless;
    let key = match may_be_kept {
        // What cannot be read is told by whoever needs it.
        true => held::key(session, item).unwrap_or_default(),
        false => None,
    };
    if let Some(key) = key
        && !options.force
        && held.contains(key)
    {
        return Ok(Finding {
            subject: item.name(),
            unchanged: true,
            ..Finding::default()
        });
    }
    let finding = examine(session, plain, item, options)?;
    if let Some(key) = key.filter(|_| finding.problems.is_empty()) {
        held.add(key)?;
    }
    Ok(finding)
}

fn examine(
    session: &Session<'_>,
    plain: &Session<'_>,
    item: &Item<'_>,
    options: Options,
) -> Result<Finding, GradeError> {
    let lesson = item.lesson;
    let problems = match &item.subject {
        Subject::Files => files_and_counts(session, lesson)?,
        Subject::Visible => visible_is_not_enough(session, lesson)?,
        Subject::Starter => starter(session, item, options)?,
        Subject::Solution => solution(session, item, options)?,
        Subject::Bench => bench::problems(session, lesson)?,
        Subject::Scenario => scenario::problems(session, lesson)?,
        Subject::Also(path) => also(session, item, path, options)?,
        Subject::Bad(path) => bad::examine(session, item, path, options)?,
        Subject::Plain(None) => on_std(plain, item, &lesson.solution().join("src"), options)?,
        Subject::Plain(Some(path)) => on_std(plain, item, path, options)?,
    };
    Ok(Finding {
        subject: item.name(),
        problems,
        ..Finding::default()
    })
}

impl Item<'_> {
    /// Such as `03 bad/lost_wakeup`.
    fn name(&self) -> String {
        let name = match &self.subject {
            Subject::Files => String::from("files"),
            Subject::Visible => String::from("visible test"),
            Subject::Starter => String::from("starter"),
            Subject::Solution => String::from("solution"),
            Subject::Bench => String::from("bench"),
            Subject::Scenario => String::from("trace"),
            Subject::Also(path) => format!("also/{}", stem(path)),
            Subject::Bad(path) => format!("bad/{}", stem(path)),
            Subject::Plain(None) => String::from("solution, on std"),
            Subject::Plain(Some(path)) => format!("also/{}, on std", stem(path)),
        };
        format!("{:02} {name}", self.lesson.number)
    }

    /// How long its checks may take.
    fn limits(&self, session: &Session<'_>) -> Result<TimeLimits, GradeError> {
        match TimeLimits::measured(session, self.lesson) {
            // What is wrong with the solution is found where it is graded.
            Err(GradeError::Course(_)) => Ok(TimeLimits::default()),
            limits => limits,
        }
    }
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
        Ok(source) => {
            let reports = graded(plain, item, &source, options.runs, |_, _, _| Ok(()))?;
            Ok(wrong_with(&reports))
        }
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
    right(session, item, &source, options)
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
        let scratch = Scratch::new(&session.course.work_folder())?;
        let kept = session.kept(lesson, &scratch);
        let compiler = session.compiler(lesson, scratch.path(), &kept);
        if let Compiled::Done(library) = compiler.library(&source)?
            && visible_passes(&compiler, &library)?
        {
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
    let mut visible = false;
    let reports = graded(session, item, &source, 1, |compiler, library, _| {
        visible = visible_passes(compiler, library)?;
        Ok(())
    })?;
    let report = &reports[0];
    match &report.outcome {
        Outcome::Checked { warnings, .. } if !warnings.trim().is_empty() => {
            problems.push(format!("it builds with warnings:\n{warnings}"));
        }
        Outcome::Checked { .. } => {}
        _ => problems.push(format!("it does not build:\n{}", text_of(report))),
    }
    if report.passed() {
        problems.push("it passes every check: there is nothing left to do".into());
    }
    if visible {
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
    let mut visible = true;
    let mut unlisted = Vec::new();
    let reports = graded(
        session,
        item,
        source,
        options.runs,
        |compiler, library, known| {
            visible = visible_passes(compiler, library)?;
            unlisted = not_listed(item.lesson, known);
            Ok(())
        },
    )?;
    let mut problems = wrong_with(&reports);
    if !visible {
        problems.push("it fails the visible test".into());
    }
    if let Subject::Solution = item.subject {
        problems.extend(unlisted);
    }
    Ok(problems)
}

/// What is wrong with a right solution.
fn wrong_with(reports: &[LessonReport]) -> Vec<String> {
    let mut problems = Vec::new();
    match &reports[0].outcome {
        Outcome::Checked { warnings, .. } if !warnings.trim().is_empty() => {
            problems.push(format!("it builds with warnings:\n{warnings}"));
        }
        _ => {}
    }
    if let Some(failed) = reports.iter().find(|report| !report.passed()) {
        let often = odd(reports, LessonReport::passed);
        problems.push(format!("it must pass, but{often}:\n{}", text_of(failed)));
    }
    problems
}

/// Grades `source` so many times; `look` is called as by [`Session::grade_and`].
fn graded(
    session: &Session<'_>,
    item: &Item<'_>,
    source: &SourceSet,
    times: usize,
    look: impl FnOnce(&Compiler<'_>, &Library, &[Known]) -> Result<(), GradeError>,
) -> Result<Vec<LessonReport>, GradeError> {
    let limits = item.limits(session)?;
    let outcomes = session.grade_and(item.lesson, source, &limits, times.max(1), look)?;
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

/// Whether the visible test, a libtest program, passes with `library`. It is ours
/// and judges nobody, so its exit code will do.
fn visible_passes(compiler: &Compiler<'_>, library: &Library) -> Result<bool, GradeError> {
    let Compiled::Done(program) = compiler.visible(library)? else {
        return Ok(false);
    };
    let mut command = std::process::Command::new(program);
    command
        .env_clear()
        .env("TMPDIR", compiler.folder)
        .current_dir(compiler.folder);
    let limits = Limits {
        time: std::time::Duration::from_secs(5),
        output: 8 << 20,
        threads: 1024,
    };
    Ok(process::run(command, b"", limits)?.end == End::Exited(0))
}

/// A sentence for each check that the program knows but `lesson.toml` does not, or
/// knows as something else.
fn not_listed(lesson: &Lesson, known: &[Known]) -> Vec<String> {
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
    known.iter().filter_map(problem).collect()
}
