//! One lesson, graded: compile, run every check, judge.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::compile::{Compiled, Compiler, Diagnostics, Library};
use crate::course::Course;
use crate::error::GradeError;
use crate::exploring::{Ahead, ExploreKit, Exploring, Teller};
use crate::jail::{Jail, Room};
use crate::judge::{compare, judge};
use crate::kit::{Facade, Kit};
use crate::lesson::{CheckSpec, Lesson, Mode};
use crate::limits::TimeLimits;
use crate::mistake;
use crate::parallel::in_parallel;
use crate::process::{self, End, Finished, Limits};
use crate::replay::code::hash;
use crate::scratch::Scratch;
use crate::source::{Rejected, SourceSet};
use crate::toolchain::Toolchain;
use crate::transcript::Place;
use crate::verdict::{Verdict, Word};

/// Everything that grading needs, made once per command.
#[derive(Debug, Clone)]
pub struct Session<'a> {
    /// The course.
    pub course: &'a Course,
    /// The compiler.
    pub toolchain: Toolchain,
    /// The libraries every lesson links.
    pub kit: Kit,
    /// Below this folder rustc keeps what it can use again.
    pub kept: PathBuf,
    /// Whether rustc colours its messages.
    pub color: bool,
    /// How many checks run at the same time.
    pub jobs: usize,
    /// Whether the checks may write new snapshots, for `cargo insta review`.
    pub new_snapshots: bool,
    /// When checks are explored.
    pub exploring: Exploring,
    /// Who is told that something takes long.
    pub teller: Teller,
    /// What encloses the compiler and the checks; `None` for one's own code.
    pub jail: Option<Arc<dyn Jail>>,
    /// What the random seeds follow from; `None` for new ones each time.
    pub seed: Option<u64>,
    /// How the façade of [`kit`](Self::kit) is built.
    pub(crate) facade: Facade,
    /// The kit in which they are, once it has been needed.
    pub(crate) explore_kit: Arc<ExploreKit>,
}

/// A graded lesson.
#[derive(Debug, Clone)]
pub struct LessonReport {
    /// The lesson.
    pub lesson: Lesson,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of grading one solution.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The source was not read as a solution at all.
    Rejected(Rejected),
    /// rustc found errors in the learner's code.
    DidNotCompile(Diagnostics),
    /// The code compiles, but the hidden checks cannot use it.
    DoesNotFit(Diagnostics),
    /// rustc crashed or passed a limit.
    GaveUp(String),
    /// Every check has a verdict.
    Checked {
        /// In the order of `lesson.toml`.
        results: Vec<CheckResult>,
        /// rustc's warnings about the learner's code.
        warnings: String,
    },
}

/// The verdict on one property.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// The property.
    pub spec: CheckSpec,
    /// The verdict.
    pub verdict: Verdict,
    /// The line to look at.
    pub place: Option<Place>,
    /// What that line is in, such as `Queue::push`.
    pub item: Option<String>,
    /// What helps whoever made the known mistake that fails like this.
    pub hint: Option<String>,
}

/// How the message of `todo!` begins.
const TODO: &str = "not yet implemented";
/// This much before its limit a check begins to tell why it is not done.
const TELLING: Duration = Duration::from_millis(1500);
/// After this much beyond its limit a check is killed from outside.
const GRACE: Duration = Duration::from_millis(200);
/// The most that a check may print.
const OUTPUT: usize = 8 << 20;
/// The most threads a check may have at once.
const THREADS: usize = 1024;

impl<'a> Session<'a> {
    /// Finds the compiler and builds the kit if it has to be; `announce` is
    /// called before a build.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`] if the kit cannot be built.
    pub fn open(
        course: &'a Course,
        color: bool,
        announce: impl FnOnce(),
    ) -> Result<Self, GradeError> {
        let toolchain = Toolchain::find();
        Scratch::sweep(&course.work_folder());
        let kit = Kit::prepare(course, &toolchain, Facade::Record, announce)?;
        let cores = thread::available_parallelism().map_or(2, NonZero::get);
        Ok(Self {
            course,
            toolchain,
            kit,
            kept: course.work_folder().join("incremental"),
            color,
            jobs: 2 * cores,
            new_snapshots: false,
            exploring: Exploring::WhenAllElseHolds,
            teller: Teller::default(),
            jail: None,
            seed: None,
            facade: Facade::Record,
            explore_kit: Arc::default(),
        })
    }

    /// The same with the façade as it is outside of the course.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`] if that kit cannot be built.
    pub fn plain(&self, announce: impl FnOnce()) -> Result<Self, GradeError> {
        let kit = Kit::prepare(self.course, &self.toolchain, Facade::Plain, announce)?;
        let kept = self.kept.join("plain");
        Ok(Self {
            kit,
            kept,
            facade: Facade::Plain,
            ..self.clone()
        })
    }

    /// Grades the learner's own code in the exercise's folder.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if there can be no verdict.
    pub fn check(&self, lesson: &Lesson) -> Result<LessonReport, GradeError> {
        let src = lesson.exercise.join("src");
        match SourceSet::read(&src) {
            Ok(source) => {
                let limits = TimeLimits::known(self, lesson);
                let outcomes = thread::scope(|scope| {
                    let ahead = self.explore_ahead(scope, lesson, &source, &limits)?;
                    self.compile_then(lesson, &source, |compiler, library| {
                        match Program::build(self, &compiler, library)? {
                            Compiled::Done(program) => self
                                .run_all(&program, &source, &limits, 1, ahead)
                                .map(Compiled::Done),
                            Compiled::Errors(diagnostics) => Ok(Compiled::Errors(diagnostics)),
                            Compiled::GaveUp(why) => Ok(Compiled::GaveUp(why)),
                        }
                    })
                })?;
                let report = only(lesson, outcomes);
                // Whoever waited so long waits less the next time. And if the checks do not
                // fit the reference either, the learner is not to blame.
                let in_doubt = matches!(report.outcome, Outcome::DoesNotFit(_));
                let in_doubt = in_doubt || report.slowest() >= TimeLimits::LEAST;
                if limits.are_upper_bounds() && in_doubt {
                    TimeLimits::measured(self, lesson)?;
                }
                Ok(report)
            }
            Err(rejected) => Ok(self.rejected(lesson, rejected)),
        }
    }

    /// Grades any source as a solution of `lesson`.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if there can be no verdict.
    pub fn grade(
        &self,
        lesson: &Lesson,
        source: &SourceSet,
        limits: &TimeLimits,
    ) -> Result<LessonReport, GradeError> {
        let outcomes = self.grade_times(lesson, source, limits, 1)?;
        Ok(only(lesson, outcomes))
    }

    /// Grades a source `times` times: compiled once, all checks run again and
    /// again. The outcomes come in order; there is one if it has no program to
    /// run.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if there can be no verdict.
    pub fn grade_times(
        &self,
        lesson: &Lesson,
        source: &SourceSet,
        limits: &TimeLimits,
        times: usize,
    ) -> Result<Vec<Outcome>, GradeError> {
        self.grade_and(lesson, source, limits, times, |_, _, _| Ok(()))
    }

    /// The same, and calls `look` with the source's library and with what the checks'
    /// program says of its checks, while both are there. Nothing is called if there is
    /// no program.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if there can be no verdict, and that of `look`.
    pub(crate) fn grade_and(
        &self,
        lesson: &Lesson,
        source: &SourceSet,
        limits: &TimeLimits,
        times: usize,
        look: impl FnOnce(&Compiler<'_>, &Library, &[Known]) -> Result<(), GradeError>,
    ) -> Result<Vec<Outcome>, GradeError> {
        self.compile_then(lesson, source, |compiler, library| {
            let program = match Program::build(self, &compiler, library)? {
                Compiled::Done(program) => program,
                Compiled::Errors(diagnostics) => return Ok(Compiled::Errors(diagnostics)),
                Compiled::GaveUp(why) => return Ok(Compiled::GaveUp(why)),
            };
            look(&compiler, library, &program.known)?;
            let rounds = self.run_all(&program, source, limits, times, None)?;
            Ok(Compiled::Done(rounds))
        })
    }

    fn rejected(&self, lesson: &Lesson, rejected: Rejected) -> LessonReport {
        LessonReport {
            lesson: lesson.clone(),
            outcome: Outcome::Rejected(self.shown(rejected)),
        }
    }

    /// With the path as seen from the course's root.
    pub(crate) fn shown(&self, rejected: Rejected) -> Rejected {
        let file = rejected
            .file
            .strip_prefix(&self.course.root)
            .unwrap_or(&rejected.file)
            .to_owned();
        Rejected { file, ..rejected }
    }

    fn compile_then(
        &self,
        lesson: &Lesson,
        source: &SourceSet,
        run: impl FnOnce(Compiler<'_>, &Library) -> Result<Compiled<Vec<Vec<Verdict>>>, GradeError>,
    ) -> Result<Vec<Outcome>, GradeError> {
        let scratch = Scratch::new(&self.course.work_folder())?;
        let kept = self.kept(lesson, &scratch);
        let compiler = self.compiler(lesson, scratch.path(), &kept);
        Ok(match compiler.library(source)? {
            Compiled::Errors(diagnostics) => vec![Outcome::DidNotCompile(diagnostics)],
            Compiled::GaveUp(why) => vec![Outcome::GaveUp(why)],
            Compiled::Done(library) => match run(compiler, &library)? {
                Compiled::Errors(diagnostics) => vec![Outcome::DoesNotFit(diagnostics)],
                Compiled::GaveUp(why) => vec![Outcome::GaveUp(why)],
                Compiled::Done(rounds) => rounds
                    .into_iter()
                    .map(|verdicts| {
                        let verdicts = lesson.checks.iter().zip(verdicts);
                        let mut results: Vec<_> = verdicts
                            .map(|(spec, verdict)| located(lesson, source, spec, verdict))
                            .collect();
                        mistake::diagnose(lesson, &mut results);
                        Outcome::Checked {
                            results,
                            warnings: library.warnings.clone(),
                        }
                    })
                    .collect(),
            },
        })
    }

    /// Where rustc keeps what it can use again for the checks of `lesson`, when it
    /// works in `scratch`.
    #[must_use]
    pub fn kept(&self, lesson: &Lesson, scratch: &Scratch) -> PathBuf {
        self.kept
            .join(format!("{}-{}", lesson.folder, scratch.number()))
    }

    /// A compiler for `lesson` that works in `folder`.
    #[must_use]
    pub fn compiler<'b>(
        &'b self,
        lesson: &'b Lesson,
        folder: &'b Path,
        kept: &'b Path,
    ) -> Compiler<'b> {
        Compiler {
            toolchain: &self.toolchain,
            kit: &self.kit,
            lesson,
            folder,
            kept,
            color: self.color,
            jail: self.jail.as_deref(),
        }
    }

    fn run_all(
        &self,
        program: &Program<'_>,
        source: &SourceSet,
        limits: &TimeLimits,
        times: usize,
        ahead: Option<Ahead<'_>>,
    ) -> Result<Vec<Vec<Verdict>>, GradeError> {
        let Program {
            compiler, library, ..
        } = *program;
        let round = || {
            in_parallel(&compiler.lesson.checks, self.jobs, |spec| {
                match &spec.mode {
                    Mode::Explore if self.facade == Facade::Record => Ok(Verdict::postponed()),
                    // On std it is one run, on the system's threads.
                    Mode::Run | Mode::Explore => {
                        let Some(kind) = program.known.iter().find(|known| known.id == spec.id)
                        else {
                            return Ok(unknown_check());
                        };
                        self.run_check(compiler, &program.path, spec, kind.observed, limits)
                    }
                    Mode::CompileFail { error } => must_not_compile(compiler, library, spec, error),
                }
            })
        };
        let rounds: Result<Vec<_>, GradeError> = (0..times).map(|_| round()).collect();
        let mut rounds = rounds?;
        self.explore(compiler.lesson, source, limits, &mut rounds, ahead)?;
        Ok(rounds)
    }

    fn run_check(
        &self,
        compiler: &Compiler<'_>,
        program: &Path,
        spec: &CheckSpec,
        observed: bool,
        limits: &TimeLimits,
    ) -> Result<Verdict, GradeError> {
        let seed = match self.seed {
            Some(seed) => hash([&seed.to_le_bytes(), spec.id.as_bytes()]) % (1 << 48),
            None => fastrand::u64(..1 << 48),
        };
        let limit = limits.of(&spec.id);
        let ask = |role| {
            let asked = Asked {
                role,
                seed,
                limit,
                schedule: "",
            };
            self.ask(compiler, program, spec, asked)
        };
        let checked = ask("check")?;
        if !observed {
            return Ok(judge(&checked));
        }
        let oracle = ask("oracle")?;
        Ok(compare(&checked, &oracle, seed))
    }

    /// Runs one process of the checks' program with a request.
    pub(crate) fn ask(
        &self,
        compiler: &Compiler<'_>,
        program: &Path,
        spec: &CheckSpec,
        asked: Asked<'_>,
    ) -> Result<Finished, GradeError> {
        let Asked {
            role,
            seed,
            limit,
            schedule,
        } = asked;
        let lesson = compiler.lesson;
        let snapshots = lesson.solution().join("hidden/snapshots");
        let secret = format!("{:016x}", fastrand::u64(..));
        let request = format!(
            "check {}\nrole {role}\nseed {seed}\nsecret {secret}\nlimit_ms {}\nmemory {}\nsource {}\nsnapshots {}\nschedule {schedule}\n{}",
            spec.id,
            (limit - TELLING).as_millis(),
            spec.memory,
            lesson.source_prefix(),
            snapshots.display(),
            self.tasks_line()
        );
        let mut command = bare(program, compiler.folder);
        let update = if self.new_snapshots { "new" } else { "no" };
        command
            .env("INSTA_WORKSPACE_ROOT", lesson.solution())
            .env("INSTA_OUTPUT", "none")
            .env("INSTA_UPDATE", update);
        let room = || Room {
            reads: vec![compiler.folder.to_owned(), snapshots.clone()],
            writes: None,
            starts_others: false,
            // The harness stops a check at its limit; this is for what it cannot see.
            memory: 2 * spec.memory + (256 << 20),
            file: 128 << 20,
            threads: 2 * THREADS,
            cpu: 4 * limit,
        };
        let limits = Limits {
            time: limit + GRACE,
            output: OUTPUT,
            threads: THREADS,
        };
        let jail = self.jail.as_deref();
        let mut finished = process::run_in(jail, room, command, request.as_bytes(), limits)?;
        finished.secret = secret;
        Ok(finished)
    }

    /// The checks that the checks' program knows.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if it cannot be run.
    pub(crate) fn list_checks(
        &self,
        program: &Path,
        folder: &Path,
    ) -> Result<Vec<Known>, GradeError> {
        let limits = Limits {
            time: Duration::from_secs(10),
            output: OUTPUT,
            threads: THREADS,
        };
        let room = || Room {
            reads: vec![folder.to_owned()],
            writes: None,
            starts_others: false,
            memory: 1 << 30,
            file: 1 << 20,
            threads: THREADS,
            cpu: limits.time,
        };
        let command = bare(program, folder);
        let jail = self.jail.as_deref();
        let finished = process::run_in(jail, room, command, b"role list\n", limits)?;
        if finished.end != End::Exited(0) {
            let said = String::from_utf8_lossy(&finished.stderr);
            return Err(GradeError::Fault(format!(
                "the program of the hidden checks does not list them: {:?} {said}",
                finished.end
            )));
        }
        let text = String::from_utf8_lossy(&finished.stdout).into_owned();
        Ok(text
            .lines()
            .map(|line| {
                let (id, kind) = line.split_once(' ').unwrap_or((line, ""));
                Known {
                    id: id.to_owned(),
                    observed: kind == "observed",
                    explored: kind == "explored",
                }
            })
            .collect())
    }

    /// Where a jail without `/proc` has the folder of a program's threads open.
    fn tasks_line(&self) -> String {
        let tasks = self.jail.as_deref().and_then(Jail::tasks);
        tasks.map_or_else(String::new, |tasks| format!("tasks {tasks}\n"))
    }
}

/// The hidden checks, linked with one solution.
struct Program<'b> {
    compiler: &'b Compiler<'b>,
    library: &'b Library,
    path: PathBuf,
    known: Vec<Known>,
}

impl<'b> Program<'b> {
    fn build(
        session: &Session<'_>,
        compiler: &'b Compiler<'b>,
        library: &'b Library,
    ) -> Result<Compiled<Self>, GradeError> {
        let path = match compiler.checks(library)? {
            Compiled::Done(path) => path,
            Compiled::Errors(diagnostics) => return Ok(Compiled::Errors(diagnostics)),
            Compiled::GaveUp(why) => return Ok(Compiled::GaveUp(why)),
        };
        let known = session.list_checks(&path, compiler.folder)?;
        Ok(Compiled::Done(Self {
            compiler,
            library,
            path,
            known,
        }))
    }
}

/// The report of a source that was graded once.
fn only(lesson: &Lesson, mut outcomes: Vec<Outcome>) -> LessonReport {
    let outcome = outcomes.pop().expect("a source has at least one outcome");
    LessonReport {
        lesson: lesson.clone(),
        outcome,
    }
}

pub(crate) fn panic_fault() -> GradeError {
    GradeError::Fault("the grader's own thread panicked; please report this".into())
}

/// The checks' program with nothing of our environment.
fn bare(program: &Path, folder: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    command
        .env_clear()
        .env("WT_CHECK_REQUEST", "1")
        .env("TMPDIR", folder)
        .current_dir(folder);
    command
}

/// What one process of the checks' program is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) role: &'a str,
    pub(crate) seed: u64,
    pub(crate) limit: Duration,
    /// The one schedule to run, of a check that is explored; empty for a search.
    pub(crate) schedule: &'a str,
}

/// A check as the checks' program knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub id: String,
    /// Whether it has an oracle.
    pub observed: bool,
    /// Whether it is explored.
    pub explored: bool,
}

pub(crate) fn unknown_check() -> Verdict {
    let what = "`lesson.toml` names a check that `hidden/checks.rs` does not have";
    Verdict::new(Word::GraderFault, what)
}

fn must_not_compile(
    compiler: &Compiler<'_>,
    library: &Library,
    spec: &CheckSpec,
    error: &str,
) -> Result<Verdict, GradeError> {
    let program = compiler
        .lesson
        .solution()
        .join("hidden/compile_fail")
        .join(format!("{}.rs", spec.id));
    Ok(match compiler.codes_of(&program, library)? {
        Compiled::Done(()) => Verdict::new(
            Word::Wrong,
            format!("a program that must not compile does compile; rustc should say {error}"),
        ),
        Compiled::Errors(found) if found.codes.len() == 1 && found.codes.contains(error) => {
            Verdict::new(Word::Pass, "")
        }
        Compiled::Errors(found) => {
            let codes: Vec<&str> = found.codes.iter().map(String::as_str).collect();
            Verdict::new(
                Word::Wrong,
                format!(
                    "a program that must fail with {error} alone fails with {}",
                    codes.join(", ")
                ),
            )
        }
        Compiled::GaveUp(why) => Verdict::new(Word::CompilerGaveUp, why),
    })
}

/// Adds the line to look at: where it panicked or hangs, or else where the item
/// that the lesson names is defined.
fn located(lesson: &Lesson, source: &SourceSet, spec: &CheckSpec, verdict: Verdict) -> CheckResult {
    let prefix = lesson.source_prefix();
    let own = |place: &&Place| place.file.starts_with(&prefix);
    let from_run = verdict.place.as_ref().filter(own);
    // Threads that a wrong answer left waiting are told, but which of them came
    // first is chance.
    let hung = verdict.word != Word::Wrong;
    let mut frames = verdict
        .threads
        .iter()
        .filter(|_| hung)
        .flat_map(|thread| &thread.frames)
        .map(|frame| &frame.place);
    let told = from_run.or_else(|| frames.find(own)).cloned();
    let item = match &told {
        Some(place) => {
            let file = Path::new(&place.file).strip_prefix(&prefix);
            file.ok().and_then(|file| source.item_at(file, place.line))
        }
        None => Some(spec.look_at.clone()),
    };
    let place = told.or_else(|| {
        let (file, line) = source.line_of(&spec.look_at)?;
        Some(Place {
            file: format!("{prefix}/{}", file.display()),
            line,
        })
    });
    CheckResult {
        spec: spec.clone(),
        verdict,
        place,
        item,
        hint: None,
    }
}

impl CheckResult {
    /// The question that leads on, or what to read first.
    #[must_use]
    pub fn advice(&self, lesson: &Lesson) -> String {
        match &self.hint {
            Some(hint) => hint.clone(),
            None if self.is_unwritten() => format!(
                "write that line; what it must do is in exercises/{}/README.md",
                lesson.folder
            ),
            None => self.spec.ask.clone(),
        }
    }

    /// Whether the run came to a `todo!`.
    pub(crate) fn is_unwritten(&self) -> bool {
        self.verdict.word == Word::Panicked && self.verdict.what.starts_with(TODO)
    }
}

impl LessonReport {
    /// Whether every property holds.
    #[must_use]
    pub fn passed(&self) -> bool {
        match &self.outcome {
            Outcome::Checked { results, .. } => {
                results.iter().all(|result| result.verdict.passed())
            }
            _ => false,
        }
    }

    /// How long the check took that took longest.
    fn slowest(&self) -> Duration {
        let results = match &self.outcome {
            Outcome::Checked { results, .. } => results.as_slice(),
            _ => &[],
        };
        let taken = results.iter().map(|result| result.verdict.took);
        taken.max().unwrap_or_default()
    }

    /// How many checks wait for the others to pass.
    #[must_use]
    pub fn postponed(&self) -> usize {
        match &self.outcome {
            Outcome::Checked { results, .. } => {
                let results = results.iter();
                results.filter(|result| result.verdict.postponed).count()
            }
            _ => 0,
        }
    }

    /// Whether the grader, and not the code, is the reason for a missing pass.
    #[must_use]
    pub fn has_fault(&self) -> bool {
        match &self.outcome {
            Outcome::Checked { results, .. } => results
                .iter()
                .any(|result| result.verdict.word == Word::GraderFault),
            _ => false,
        }
    }

    /// The word for each check, in order.
    #[must_use]
    pub fn words(&self) -> Vec<(String, Word)> {
        let all = |word| {
            self.lesson
                .checks
                .iter()
                .map(|spec| (spec.id.clone(), word))
                .collect()
        };
        match &self.outcome {
            Outcome::Rejected(_) => all(Word::Rejected),
            Outcome::DidNotCompile(said) => all(said.word()),
            Outcome::DoesNotFit(_) => all(Word::DidNotCompile),
            Outcome::GaveUp(_) => all(Word::CompilerGaveUp),
            Outcome::Checked { results, .. } => results
                .iter()
                .map(|result| (result.spec.id.clone(), result.verdict.word))
                .collect(),
        }
    }
}
