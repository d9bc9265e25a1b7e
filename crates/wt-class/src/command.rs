//! The command: what was typed, the order of the steps, what is printed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lexopt::{Arg, ValueExt};
use wt_formats::text::line;
use wt_grader::exploring::{Exploring, Teller};
use wt_grader::lesson::Mode;
use wt_grader::limits::TimeLimits;
use wt_grader::report::{self, Style};
use wt_grader::scratch::Scratch;
use wt_grader::source::SourceSet;
use wt_grader::{Course, GradeError, Lesson, Session, Word, cancel, disk};
use wt_jail::{Bwrap, Facilities, canary};

use crate::book::{Book, CHECKED};
use crate::booking::{Rules, book};
use crate::grading::{Class, grade_all};
use crate::identity::{Identity, class_of};
use crate::journal::{Entry, Journal};
use crate::layout::{Submission, submissions};
use crate::merge::{journal_path, latest, parts};
use crate::reading::ClassFolder;
use crate::rules::{Late, moment, overrides, times};
use crate::shard::Shard;
use crate::{files, out};

const PASSED: u8 = 0;
const USAGE: u8 = 2;
const FAULT: u8 = 3;
const INTERRUPTED: u8 = 130;
/// The most that grading a submission leaves in the output folder, generously.
const BYTES_EACH: u64 = 128 << 10;

/// What was typed.
#[derive(Debug, Default)]
struct Given {
    merge: bool,
    submissions: PathBuf,
    lesson: String,
    out: PathBuf,
    jobs: Option<usize>,
    seed: u64,
    shard: Option<Shard>,
    accept_weak_isolation: bool,
    deadline: Option<jiff::Timestamp>,
    percent: Option<f64>,
    days: Option<u32>,
    times: Option<PathBuf>,
    overrides: Option<PathBuf>,
}

/// Does what the arguments say.
#[must_use]
pub fn main() -> ExitCode {
    wt_jail::cell::enter();
    canary::enter();
    let _guard = wt_grader::guard::Guard::start();
    ExitCode::from(run().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        match error {
            GradeError::Usage(_) => USAGE,
            GradeError::Course(_) | GradeError::Fault(_) => FAULT,
            GradeError::Cancelled => INTERRUPTED,
        }
    }))
}

fn run() -> Result<u8, GradeError> {
    let given = parse()?;
    if let Err(error) = cancel::listen() {
        eprintln!("error: cannot listen for Ctrl-C: {error}");
    }
    let here = std::env::current_dir().map_err(|error| {
        GradeError::Usage(format!("the current folder cannot be used: {error}"))
    })?;
    let course = Course::find(&here)?;
    let lesson = course.lesson(&given.lesson)?;
    let rules = rules(&given)?;
    let (identity, entries) = match given.merge {
        true => parts(&given.out)?,
        false => grade(&course, lesson, &given)?,
    };
    if identity.lesson != lesson.id {
        return Err(GradeError::Usage(format!(
            "`{}` has the parts of another lesson",
            given.out.display()
        )));
    }
    if given.shard.is_some() {
        println!(
            "this part is done; when all are, `cargo xtask grade merge --lesson {:02} --out {}`",
            lesson.number,
            given.out.display()
        );
        return Ok(exit_code(&entries));
    }
    let book = book(&course, lesson, &identity, &rules, &entries);
    files::write(&given.out, &book)?;
    print_summary(&book, &given.out);
    Ok(exit_code(&entries))
}

fn exit_code(entries: &[Entry]) -> u8 {
    match entries.iter().any(Entry::has_fault) {
        true => FAULT,
        false => PASSED,
    }
}

/// Grades what is not in the journal yet, and returns all that is in it now.
fn grade(
    course: &Course,
    lesson: &Lesson,
    given: &Given,
) -> Result<(Identity, Vec<Entry>), GradeError> {
    let all = submissions(&given.submissions, lesson)?;
    let folder = ClassFolder::open(&given.submissions)?;
    prepare(given, all.len())?;
    let mut session = Session::open(course, false, || {
        eprintln!("building the kit; this happens once, and after an update");
    })?;
    session.teller = Teller::new(|text| eprintln!("{text}"));
    session.jobs = 2;
    // A check that was put off would be one that nobody judged.
    session.exploring = Exploring::Always;
    if lesson.checks.iter().any(|spec| spec.mode == Mode::Explore) {
        session.build_explorer()?;
    }
    let mut identity = Identity::of(course, lesson)?;
    enclose(&mut session, &mut identity, given)?;
    identity.seed = given.seed;
    let mut mine: Vec<&Submission> = all.iter().collect();
    if let Some(shard) = given.shard {
        let chosen = all.iter().enumerate().filter(|(n, _)| shard.has(*n));
        mine = chosen.map(|(_, submission)| submission).collect();
        identity.shard = Some(shard);
        identity.class = Some(class_of(all.iter().map(|one| one.name.as_str())));
        identity.count = Some(mine.len());
    }
    let path = journal_path(&given.out, given.shard);
    let (mut journal, known) = Journal::open(&path, &identity)?;
    let known = known_of(known, &mine, &path)?;
    prove_with_the_reference(&session, lesson, !identity.missing.is_empty())?;
    let class = Class {
        session: &session,
        lesson,
        limits: &TimeLimits::default(),
        folder: &folder,
        seed: given.seed,
    };
    let bar = bar(mine.len());
    let mut entries = Vec::new();
    let graded = grade_all(
        &class,
        &mine,
        &known,
        jobs(given),
        |submission, entry, is_new| {
            if is_new {
                journal.add(&entry)?;
            }
            tell(
                &bar,
                lesson,
                submission,
                &entry,
                entries.len() + 1,
                mine.len(),
            );
            entries.push(entry);
            Ok(())
        },
    );
    bar.finish_and_clear();
    graded.map_err(|error| interrupted(error, entries.len(), mine.len()))?;
    Ok((identity, latest(entries)))
}

fn interrupted(error: GradeError, done: usize, all: usize) -> GradeError {
    if matches!(error, GradeError::Cancelled) {
        eprintln!("{done} of {all} are graded and safe; run the same command again to go on");
    }
    error
}

/// Two for each core: some checks wait in vain for a while, as they must.
fn jobs(given: &Given) -> usize {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    given.jobs.unwrap_or(2 * cores).max(1)
}

/// The output folder, and room in it.
fn prepare(given: &Given, count: usize) -> Result<(), GradeError> {
    let out = &given.out;
    std::fs::create_dir_all(out).map_err(|error| GradeError::io("create", out, &error))?;
    let inside = || {
        Some(
            out.canonicalize()
                .ok()?
                .starts_with(given.submissions.canonicalize().ok()?),
        )
    };
    if inside() == Some(true) {
        return Err(GradeError::Usage(format!(
            "`{}` is inside the folder of the submissions; give another one with `--out`",
            out.display()
        )));
    }
    let needed = BYTES_EACH * count as u64;
    match disk::free(out) {
        Some(free) if free < needed => Err(GradeError::Fault(format!(
            "the disk of `{}` has {} MiB free, and {count} submissions may need {} MiB: free some space, and run it again",
            out.display(),
            free >> 20,
            needed >> 20
        ))),
        _ => Ok(()),
    }
}

/// Makes the jail, and has it proved.
fn enclose(
    session: &mut Session<'_>,
    identity: &mut Identity,
    given: &Given,
) -> Result<(), GradeError> {
    let facilities = Facilities::find();
    let without = facilities.without_bubblewrap.clone();
    let sysroot = session.toolchain.sysroot()?;
    let jail = Bwrap::new(facilities, &sysroot)?;
    let scratch = Scratch::new(&session.course.work_folder())?;
    let proof = canary::prove(&jail, scratch.path())?;
    let mut missing = proof.missing();
    if !without.is_empty() {
        missing.insert(0, without);
    }
    if !missing.is_empty() {
        let list: String = missing.iter().map(|gap| format!("\n  - {gap}")).collect();
        if !given.accept_weak_isolation {
            return Err(GradeError::Usage(format!(
                "this machine cannot enclose strangers' code:{list}\n\
                 Install bubblewrap (`apt install bubblewrap`), or grade as root or where user namespaces are allowed, or in \
                 a virtual machine that you throw away. `--accept-weak-isolation` goes on without, and the report says so"
            )));
        }
        eprintln!("warning: weak isolation:{list}");
    }
    let holds = proof
        .canaries
        .iter()
        .filter(|canary| canary.escape.is_none());
    identity.defences = holds.map(|canary| canary.claim.to_owned()).collect();
    identity.missing = missing;
    // Not one that chooses a compiler first, as rustup's does: it would need its own files.
    session.toolchain.rustc = sysroot.join("bin/rustc");
    session.jail = Some(Arc::new(jail));
    Ok(())
}

/// A right solution passes in the jail. If not, the machine is to blame for whatever fails
/// in it, and nobody's points are lost.
fn prove_with_the_reference(
    session: &Session<'_>,
    lesson: &Lesson,
    is_weak: bool,
) -> Result<(), GradeError> {
    let Ok(source) = SourceSet::read(&lesson.solution().join("src")) else {
        // A learner edition has none.
        return Ok(());
    };
    let report = session.grade(lesson, &source, &TimeLimits::default())?;
    // A weak jail may keep a check from judging, but must not fail it.
    let is_unjudged = || {
        report
            .words()
            .iter()
            .all(|(_, word)| matches!(word, Word::Pass | Word::Inconclusive))
    };
    if report.passed() || (is_weak && is_unjudged()) {
        return Ok(());
    }
    Err(GradeError::Fault(format!(
        "the course's own solution does not pass in the jail on this machine, so nobody's can be judged:\n{}",
        report::lesson(&report, None, Style::default())
    )))
}

/// The entries of an earlier run, by submission.
fn known_of(
    entries: Vec<Entry>,
    mine: &[&Submission],
    path: &Path,
) -> Result<HashMap<String, Entry>, GradeError> {
    let names: std::collections::HashSet<&str> = mine.iter().map(|one| one.name.as_str()).collect();
    if !entries.is_empty()
        && !entries
            .iter()
            .any(|entry| names.contains(entry.submission.as_str()))
    {
        return Err(GradeError::Usage(format!(
            "`{}` is of another class: it has none of these submissions. Give another folder with `--out`",
            path.display()
        )));
    }
    Ok(entries
        .into_iter()
        .map(|entry| (entry.submission.clone(), entry))
        .collect())
}

fn bar(count: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::stderr());
    let style = "{bar:30} {pos} of {len}  {per_sec}  {eta} left  {msg}";
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

fn tell(
    bar: &ProgressBar,
    lesson: &Lesson,
    submission: &Submission,
    entry: &Entry,
    n: usize,
    of: usize,
) {
    let name = line(&submission.name);
    let hold = entry
        .verdicts
        .iter()
        .filter(|verdict| verdict.word() == Word::Pass);
    let said = match entry.outcome.as_str() {
        CHECKED => format!(
            "{} of {} properties hold",
            hold.count(),
            lesson.checks.len()
        ),
        word => word.to_owned(),
    };
    bar.set_message(name.clone());
    bar.inc(1);
    if bar.is_hidden() {
        println!("{n:>5} of {of}  {name}: {said}");
    }
}

fn print_summary(book: &Book, out: &Path) {
    let full = book.rows.iter().filter(|row| row.has_all());
    let faults = book.rows.iter().filter(|row| row.has_fault());
    println!(
        "\n{} submissions, {} of them with every property\n\n\
         table       {}\n\
         report      {}\n\
         feedback    {}\n\
         gradescope  {}",
        book.rows.len(),
        full.count(),
        out.join(files::TABLE).display(),
        out.join(files::REPORT).display(),
        out.join("report").join(out::html::FEEDBACK).display(),
        out.join("gradescope").display()
    );
    let faults: Vec<String> = faults.map(|row| line(&row.submission)).collect();
    if !faults.is_empty() {
        println!(
            "\nthe grader broke on {}; that costs no points. Run the same command again to grade them again",
            faults.join(", ")
        );
    }
}

fn rules(given: &Given) -> Result<Rules, GradeError> {
    let late = match (given.deadline, given.percent) {
        (Some(deadline), percent) => Some(Late {
            deadline,
            percent: percent.unwrap_or(100.0),
            days: given.days,
        }),
        (None, Some(_)) => {
            return Err(GradeError::Usage("`--late` needs a `--deadline`".into()));
        }
        (None, None) => None,
    };
    Ok(Rules {
        late,
        times: given
            .times
            .as_deref()
            .map(times)
            .transpose()?
            .unwrap_or_default(),
        overrides: given
            .overrides
            .as_deref()
            .map(overrides)
            .transpose()?
            .unwrap_or_default(),
    })
}

fn parse() -> Result<Given, GradeError> {
    let mut given = Given::default();
    let mut words = Vec::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next().map_err(usage)? {
        let Arg::Long(name) = arg else {
            match arg {
                Arg::Value(word) => words.push(word),
                other => return Err(usage(other.unexpected())),
            }
            continue;
        };
        let name = name.to_owned();
        option(&mut given, &name, &mut parser)?;
    }
    match words.as_slice() {
        [word] if word == "merge" => given.merge = true,
        [word, folder] if word == "grade" => given.submissions = folder.into(),
        _ => return Err(GradeError::Usage("`grade SUBMISSIONS`, or `merge`".into())),
    }
    if given.lesson.is_empty() || given.out.as_os_str().is_empty() {
        return Err(GradeError::Usage("it needs `--lesson` and `--out`".into()));
    }
    Ok(given)
}

fn option(given: &mut Given, name: &str, parser: &mut lexopt::Parser) -> Result<(), GradeError> {
    if name == "accept-weak-isolation" {
        given.accept_weak_isolation = true;
        return Ok(());
    }
    let value = parser.value().map_err(usage)?;
    let text = || value.clone().string().map_err(usage);
    let path = || Some(PathBuf::from(&value));
    match name {
        "lesson" => given.lesson = text()?,
        "out" => given.out = PathBuf::from(&value),
        "jobs" => given.jobs = Some(value.parse().map_err(usage)?),
        "seed" => given.seed = value.parse().map_err(usage)?,
        "shard" => given.shard = Some(Shard::parse(&text()?)?),
        "deadline" => given.deadline = Some(moment(&text()?)?),
        "late" => given.percent = Some(value.parse().map_err(usage)?),
        "late-days" => given.days = Some(value.parse().map_err(usage)?),
        "handed-in" => given.times = path(),
        "overrides" => given.overrides = path(),
        _ => return Err(GradeError::Usage(format!("there is no option `--{name}`"))),
    }
    Ok(())
}

fn usage(error: lexopt::Error) -> GradeError {
    GradeError::Usage(error.to_string())
}
