//! Checks that are run under thousands of schedules, after all others.
//!
//! They need another kit, whose façade has shuttle's scheduler, and another program.
//! Both are made only when they are needed, so that nobody's first verdict waits for
//! them. What is searched is decided by the source: the same code gets the same
//! verdict, every time.
//!
//! Where that kit is built already, both are made ahead, beside the other checks, with
//! what these leave of the processor.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::compile::{Compiled, Compiler, Diagnostics};
use crate::errand::Errand;
use crate::error::GradeError;
use crate::judge::judge;
use crate::kit::{Facade, Kit};
use crate::lesson::{CheckSpec, Lesson, Mode};
use crate::limits::TimeLimits;
use crate::parallel::in_parallel;
use crate::replay::code::hash;
use crate::replay::{self, keep_story};
use crate::scratch::Scratch;
use crate::session::{Asked, Known, Session, panic_fault, unknown_check};
use crate::source::SourceSet;
use crate::verdict::{Verdict, Word};

/// When checks are explored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exploring {
    /// Once all other checks pass.
    WhenAllElseHolds,
    /// Whatever the other checks say.
    Always,
    /// Not now.
    Never,
}

/// Who is told that something takes long.
#[derive(Clone)]
pub struct Teller(Arc<dyn Fn(&str) + Send + Sync>);

impl Teller {
    /// Calls `tell` with each sentence.
    pub fn new(tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    fn tell(&self, text: &str) {
        (self.0)(text);
    }
}

/// Tells nobody.
impl Default for Teller {
    fn default() -> Self {
        Self::new(|_| ())
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Teller")
    }
}

/// The kit, made when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct ExploreKit(Mutex<Option<Kit>>);

/// An exploration that runs before it is known whether it is wanted. Dropped, it ends.
pub(crate) struct Ahead<'scope> {
    errand: Errand,
    thread: Option<thread::ScopedJoinHandle<'scope, Result<Vec<Verdict>, GradeError>>>,
}

impl Ahead<'_> {
    /// What it found. Blocks until it is done.
    fn wait(mut self) -> Result<Vec<Verdict>, GradeError> {
        let thread = self.thread.take().ok_or_else(panic_fault)?;
        thread.join().map_err(|_| panic_fault())?
    }
}

impl Drop for Ahead<'_> {
    fn drop(&mut self) {
        self.errand.drop_it();
    }
}

/// The two programs that are compiled against it.
pub(crate) struct Programs {
    pub(crate) scratch: Scratch,
    pub(crate) kept: PathBuf,
    pub(crate) program: PathBuf,
}

impl Session<'_> {
    /// Builds the kit that explores, so that nobody has to wait for it later.
    ///
    /// # Errors
    ///
    /// [`GradeError::Fault`] if it cannot be built.
    pub fn build_explorer(&self) -> Result<(), GradeError> {
        self.explorer().map(|_| ())
    }

    /// A session whose kit explores. Builds it if it has to be.
    pub(crate) fn explorer(&self) -> Result<Self, GradeError> {
        let mut known = (self.explore_kit.0.lock()).unwrap_or_else(PoisonError::into_inner);
        let kit = match &*known {
            Some(kit) => kit.clone(),
            None => Kit::prepare(self.course, &self.toolchain, Facade::Explore, || {
                self.teller.tell(
                    "building the kit that tries every order of steps; this happens once, and after an update",
                );
            })?,
        };
        *known = Some(kit.clone());
        Ok(Self {
            kit,
            kept: self.kept.join("explore"),
            facade: Facade::Explore,
            ..self.clone()
        })
    }

    /// Explores the checks that are to be explored, in every round where it is time.
    /// What was done `ahead` is the first such round's.
    pub(crate) fn explore(
        &self,
        lesson: &Lesson,
        source: &SourceSet,
        limits: &TimeLimits,
        rounds: &mut [Vec<Verdict>],
        ahead: Option<Ahead<'_>>,
    ) -> Result<(), GradeError> {
        let mut due = (rounds.iter_mut())
            .filter(|round| self.is_due(round))
            .peekable();
        if due.peek().is_none() {
            return Ok(());
        }
        if let Some(ahead) = ahead {
            let verdicts = ahead.wait()?;
            if let Some(round) = due.next() {
                self.fill(lesson, source, round, verdicts)?;
            }
        }
        if due.peek().is_none() {
            return Ok(());
        }
        let explorer = self.explorer()?;
        let programs = explorer.programs(lesson, source)?;
        for round in due {
            let verdicts = explorer.search(&programs, lesson, source, limits)?;
            self.fill(lesson, source, round, verdicts)?;
        }
        Ok(())
    }

    fn is_due(&self, round: &[Verdict]) -> bool {
        round.iter().any(|verdict| verdict.postponed)
            && match self.exploring {
                Exploring::Never => false,
                Exploring::Always => true,
                Exploring::WhenAllElseHolds => round
                    .iter()
                    .all(|verdict| verdict.postponed || verdict.passed()),
            }
    }

    /// Explores in the background what will be wanted if all other checks pass; nothing
    /// if that could take long because the kit for it is not built yet.
    ///
    /// # Errors
    ///
    /// [`GradeError`] if the kit's sources cannot be read.
    pub(crate) fn explore_ahead<'scope>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, '_>,
        lesson: &'scope Lesson,
        source: &'scope SourceSet,
        limits: &'scope TimeLimits,
    ) -> Result<Option<Ahead<'scope>>, GradeError> {
        let wanted = self.exploring == Exploring::WhenAllElseHolds
            && lesson.checks.iter().any(|spec| spec.mode == Mode::Explore)
            && Kit::of(self.course, &self.toolchain, Facade::Explore)?.is_fresh();
        if !wanted {
            return Ok(None);
        }
        let errand = Errand::default();
        let own = errand.clone();
        let thread = scope.spawn(move || {
            own.run(|| {
                let explorer = self.explorer()?;
                let programs = explorer.programs(lesson, source)?;
                explorer.search(&programs, lesson, source, limits)
            })
        });
        Ok(Some(Ahead {
            errand,
            thread: Some(thread),
        }))
    }

    /// A verdict for each check that is explored.
    fn search(
        &self,
        programs: &Result<Programs, Verdict>,
        lesson: &Lesson,
        source: &SourceSet,
        limits: &TimeLimits,
    ) -> Result<Vec<Verdict>, GradeError> {
        let specs: Vec<&CheckSpec> = (lesson.checks.iter())
            .filter(|spec| spec.mode == Mode::Explore)
            .collect();
        let programs = match programs {
            Ok(programs) => programs,
            Err(verdict) => return Ok(specs.iter().map(|_| verdict.clone()).collect()),
        };
        let compiler = programs.compiler(self, lesson);
        let known = self.list_checks(&programs.program, compiler.folder)?;
        let errand = Errand::current();
        in_parallel(&specs, self.jobs, |spec| {
            let explored = || self.explored(programs, lesson, source, spec, &known, limits);
            match &errand {
                Some(errand) => errand.run(explored),
                None => explored(),
            }
        })
    }

    /// Gives the checks of `round` that wait the verdicts they wait for, in order.
    fn fill(
        &self,
        lesson: &Lesson,
        source: &SourceSet,
        round: &mut [Verdict],
        verdicts: Vec<Verdict>,
    ) -> Result<(), GradeError> {
        let waiting = (lesson.checks.iter().zip(round)).filter(|(_, verdict)| verdict.postponed);
        for ((spec, place), mut verdict) in waiting.zip(verdicts) {
            if let Some(schedule) = &mut verdict.schedule {
                let code = replay::code_of(self.course, lesson, spec, source, &schedule.name)?;
                schedule.code = code.to_string();
                keep_story(self.course, lesson, &schedule.code, &schedule.story);
            }
            *place = verdict;
        }
        Ok(())
    }

    /// Compiles a source and the checks against this kit; a verdict if that does not
    /// work although it did with the other one.
    pub(crate) fn programs(
        &self,
        lesson: &Lesson,
        source: &SourceSet,
    ) -> Result<Result<Programs, Verdict>, GradeError> {
        let scratch = Scratch::new(&self.course.work_folder())?;
        let kept = self.kept(lesson, &scratch);
        let compiler = self.compiler(lesson, scratch.path(), &kept);
        let library = match compiler.library(source)? {
            Compiled::Done(library) => library,
            Compiled::Errors(found) => return Ok(Err(cannot_be_explored(&found))),
            Compiled::GaveUp(why) => return Ok(Err(Verdict::new(Word::CompilerGaveUp, why))),
        };
        let program = match compiler.checks(&library)? {
            Compiled::Done(program) => program,
            Compiled::Errors(found) => return Ok(Err(cannot_be_explored(&found))),
            Compiled::GaveUp(why) => return Ok(Err(Verdict::new(Word::CompilerGaveUp, why))),
        };
        Ok(Ok(Programs {
            scratch,
            kept,
            program,
        }))
    }

    fn explored(
        &self,
        programs: &Programs,
        lesson: &Lesson,
        source: &SourceSet,
        spec: &CheckSpec,
        known: &[Known],
        limits: &TimeLimits,
    ) -> Result<Verdict, GradeError> {
        if !known
            .iter()
            .any(|known| known.id == spec.id && known.explored)
        {
            return Ok(unknown_check());
        }
        let asked = Asked {
            role: "check",
            seed: seed(lesson, spec, source),
            limit: limits.of(&spec.id),
            schedule: "",
        };
        let compiler = programs.compiler(self, lesson);
        let searched = judge(&self.ask(&compiler, &programs.program, spec, asked)?);
        self.told(programs, lesson, spec, asked, searched)
    }
}

impl Session<'_> {
    /// The verdict on the schedule that a search has found, from a process that runs it
    /// alone: it tells all there is.
    fn told(
        &self,
        programs: &Programs,
        lesson: &Lesson,
        spec: &CheckSpec,
        asked: Asked<'_>,
        searched: Verdict,
    ) -> Result<Verdict, GradeError> {
        let Some(found) = searched.schedule.as_ref().filter(|_| !searched.passed()) else {
            return Ok(searched);
        };
        let asked = Asked {
            schedule: &found.name,
            ..asked
        };
        let compiler = programs.compiler(self, lesson);
        let alone = judge(&self.ask(&compiler, &programs.program, spec, asked)?);
        if alone.passed() {
            let mut verdict = searched;
            verdict.notes.push(
                "run again under the same schedule, it passed: the code depends on something that no \
                 schedule decides, such as real time, a static, or the order of a HashMap"
                    .into(),
            );
            return Ok(verdict);
        }
        Ok(Verdict {
            count: searched.count,
            ..alone
        })
    }
}

impl Programs {
    pub(crate) fn compiler<'b>(
        &'b self,
        session: &'b Session<'_>,
        lesson: &'b Lesson,
    ) -> Compiler<'b> {
        session.compiler(lesson, self.scratch.path(), &self.kept)
    }
}

/// The same code is searched in the same way, another in another. Comments and empty
/// lines are no code.
fn seed(lesson: &Lesson, spec: &CheckSpec, source: &SourceSet) -> u64 {
    let mut texts = vec![lesson.id.as_bytes(), spec.id.as_bytes()];
    for (_, text) in &source.files {
        let lines = text.lines().map(str::trim);
        let code = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
        texts.extend(code.map(str::as_bytes));
    }
    hash(texts)
}

fn cannot_be_explored(found: &Diagnostics) -> Verdict {
    let first = found.rendered.lines().find(|line| line.contains("error"));
    Verdict::new(
        Word::DidNotCompile,
        format!(
            "it compiles with std's types, and not with those that try every order of steps: {}\n\
             Take `Instant`, `Mutex`, `thread` and the like from `wt_core`, not from `std`",
            first.unwrap_or("rustc does not say why")
        ),
    )
}
