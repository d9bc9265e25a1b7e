//! Runs a function under many schedules, or under one of them again.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use super::dice::Dice;
use super::guide::{GivenUp, Guide, direct};
use super::policy::{Path, Policy};
use super::step;
use super::thread;
use super::wait;
use super::world::{self, Ending, World};

/// How to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How many schedules to try at most.
    pub schedules: u32,
    /// Other schedules with another seed. A search in depth has none.
    pub seed: u64,
    /// Which way to go.
    pub search: Search,
    /// After so many decisions a schedule counts as one that never ends.
    pub steps: usize,
    /// Stop when so much real time has passed.
    pub patience: Option<Duration>,
    /// Once one schedule has failed, how many more are tried for a shorter one.
    pub shorten: u32,
}

/// How the next thread is chosen, and when time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// Half of the schedules at random, half by priorities that change at a few
    /// points (PCT); in half of each, time passes also while threads could go on.
    Mixed,
    /// As `Mixed`, but time passes only when every thread waits.
    Patient,
    /// Every schedule there is, one after the other, as far as the number of
    /// schedules goes. For small functions: two threads with five steps each have 252.
    Depth,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schedules: 5000,
            seed: 0,
            search: Search::Mixed,
            steps: 20_000,
            patience: None,
            shorten: 200,
        }
    }
}

/// One schedule, by its number: the same number and the same program give the same
/// steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleNumber {
    /// Whether it is one of a search in depth.
    pub in_depth: bool,
    /// Its number.
    pub number: u32,
}

/// What came of a search.
#[derive(Debug)]
pub struct Explored {
    /// How many schedules were tried.
    pub tried: u32,
    /// How many of them differed.
    pub distinct: usize,
    /// Whether a search in depth has seen all schedules.
    pub complete: bool,
    /// The schedule that failed, if one did.
    pub failure: Option<Failure>,
}

/// A schedule that went wrong.
pub struct Failure {
    /// Which.
    pub schedule: ScheduleNumber,
    /// How it went wrong.
    pub how: How,
    /// The threads that had not ended, and what each was doing.
    pub threads: Vec<LiveThread>,
    /// Everything that happened, in order.
    pub steps: Vec<ToldStep>,
}

/// How a schedule went wrong.
#[non_exhaustive]
pub enum How {
    /// The function panicked; the payload.
    Panicked(Box<dyn Any + Send>),
    /// Every thread waited.
    Deadlock,
    /// It did not come to an end.
    Livelock,
}

/// A thread at the end of a schedule that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveThread {
    /// Its name, or its number.
    pub name: String,
    /// What it waits for, and who has it; `None` if it could go on.
    pub waits_for: Option<String>,
    /// The file where it was seen last; empty if it has done nothing.
    pub file: &'static str,
    /// The line in it.
    pub line: u32,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldStep {
    /// Who did it; empty when time passed.
    pub thread: String,
    /// What, as a sentence without its subject.
    pub what: String,
    /// The file of the call; empty where it is not known.
    pub file: &'static str,
    /// The line in it.
    pub line: u32,
}

/// Runs `f` again and again, each time under another schedule, until one goes wrong
/// or all have been tried.
///
/// `f` is one execution: it makes what it needs, starts its threads, and asserts. It
/// fails by a panic, by threads that wait for each other, also if `f` has returned,
/// and by not coming to an end.
///
/// Blocks until the search is over. What `f` starts must not outlive it in statics.
pub fn explore(options: &Options, f: impl Fn() + Send + Sync + 'static) -> Explored {
    let plan = Plan::new(options);
    let f = Arc::new(f);
    let plan = Rc::new(RefCell::new(plan));
    let mut best: Option<Failure> = None;
    while let Some(failure) = run(&plan, &f) {
        plan.borrow_mut().stop_soon(options.shorten);
        if best.as_ref().is_none_or(|best| failure.is_shorter(best)) {
            best = Some(failure);
        }
    }
    let plan = plan.borrow();
    Explored {
        tried: plan.until_failure.unwrap_or(plan.tried),
        distinct: plan.seen_until_failure.unwrap_or(plan.seen.len()),
        complete: plan.complete && best.is_none(),
        failure: best,
    }
}

/// Runs `f` once, under the schedule that a search has found.
pub fn replay(
    options: &Options,
    schedule: ScheduleNumber,
    f: impl Fn() + Send + Sync + 'static,
) -> Replayed {
    let mut plan = Plan::new(options);
    plan.only(schedule);
    let plan = Rc::new(RefCell::new(plan));
    let failure = run(&plan, &Arc::new(f));
    let steps = plan.borrow_mut().last_steps.take().unwrap_or_default();
    Replayed { failure, steps }
}

/// What came of one schedule.
#[derive(Debug)]
pub struct Replayed {
    /// How it went wrong, if it did.
    pub failure: Option<Failure>,
    /// What happened, if nothing went wrong.
    pub steps: Vec<ToldStep>,
}

/// How many searches are going on in this process.
pub(super) static SEARCHING: AtomicUsize = AtomicUsize::new(0);

/// Runs schedules of the plan until one goes wrong.
fn run<F: Fn() + Send + Sync + 'static>(plan: &Rc<RefCell<Plan>>, f: &Arc<F>) -> Option<Failure> {
    keep_the_panic_hook();
    let guide = Guide {
        plan: Rc::clone(plan),
    };
    let f = Arc::clone(f);
    SEARCHING.fetch_add(1, Ordering::Relaxed);
    let result = catch_unwind(AssertUnwindSafe(|| {
        Runner::new(guide, config()).run(move || {
            let f = Arc::clone(&f);
            thread::start_first(move || f());
            direct();
        });
    }));
    SEARCHING.fetch_sub(1, Ordering::Relaxed);
    let mut plan = plan.borrow_mut();
    if let Some(world) = world::leave() {
        plan.note(world);
    }
    match result {
        Err(payload) if !payload.is::<GivenUp>() => {
            // A fault of this module or of shuttle.
            resume_unwind(payload)
        }
        _ => plan.failure.take(),
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 512 * 1024;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    config.silence_warnings = true;
    config
}

/// shuttle wraps the panic hook, once, by one that says more than anybody wants to
/// know of a panic that is caught. Here it wraps the default one, and ours stays.
fn keep_the_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let own = std::panic::take_hook();
        let plan = Rc::new(RefCell::new(Plan::new(&Options {
            schedules: 1,
            ..Options::default()
        })));
        Runner::new(Guide { plan }, config()).run(|| {});
        world::leave();
        std::panic::set_hook(own);
    });
}

/// Which schedules are still to be tried.
pub(super) struct Plan {
    options: Options,
    began: Instant,
    tried: u32,
    most: u32,
    current: ScheduleNumber,
    path: Option<Path>,
    complete: bool,
    seen: HashSet<u64>,
    /// How many were tried, and how many differed, when the first one failed.
    until_failure: Option<u32>,
    seen_until_failure: Option<usize>,
    only: Option<ScheduleNumber>,
    /// What the last execution came to, if it went wrong.
    failure: Option<Failure>,
    last_steps: Option<Vec<ToldStep>>,
}

impl Plan {
    fn new(options: &Options) -> Self {
        Self {
            options: *options,
            began: Instant::now(),
            tried: 0,
            most: options.schedules,
            current: ScheduleNumber {
                in_depth: options.search == Search::Depth,
                number: 0,
            },
            path: Some(Path::default()),
            complete: false,
            seen: HashSet::new(),
            until_failure: None,
            seen_until_failure: None,
            only: None,
            failure: None,
            last_steps: None,
        }
    }

    fn only(&mut self, schedule: ScheduleNumber) {
        self.only = Some(schedule);
        self.most = match schedule.in_depth {
            // The paths before it lead to it.
            true => schedule.number.saturating_add(1),
            false => 1,
        };
    }

    pub(super) fn most_steps(&self) -> usize {
        self.options.steps
    }

    /// The world of the next schedule.
    pub(super) fn next(&mut self) -> Option<World> {
        let late = |patience| self.began.elapsed() > patience;
        if self.tried >= self.most || self.options.patience.is_some_and(late) {
            return None;
        }
        let nth = self.tried;
        let (policy, hasty) = if self.current.in_depth {
            self.current.number = nth;
            (Policy::Dfs(self.path.take()?), true)
        } else {
            self.current.number = match self.only {
                Some(schedule) => schedule.number,
                None => schedule_number(self.options.seed, nth),
            };
            policy_of(self.current.number, self.options.search)
        };
        self.tried += 1;
        Some(World::new(policy, hasty))
    }

    /// Notes what became of an execution. Says whether it went wrong.
    pub(super) fn note(&mut self, mut world: World) -> bool {
        if world.threads.is_empty() {
            return false;
        }
        self.seen.insert(world.hash);
        let is_last = self.tried == self.most;
        if let Policy::Dfs(path) = &mut world.policy {
            self.path = std::mem::take(path).next();
            self.complete = self.path.is_none();
        }
        if self.only.is_some() && !is_last {
            // On the way to the one that is wanted.
            return false;
        }
        if world.haunted && self.until_failure.is_some() {
            // What this one came to is the fault of the one that failed first.
            return false;
        }
        match world.ending.take() {
            Some(ending) => self.failure = Some(Failure::of(self.current, ending, &world)),
            None if self.only.is_some() => self.last_steps = Some(told(&world)),
            None => {}
        }
        self.failure.is_some()
    }

    /// One has failed: at most `more` are tried now.
    fn stop_soon(&mut self, more: u32) {
        if self.until_failure.is_none() {
            self.until_failure = Some(self.tried);
            self.seen_until_failure = Some(self.seen.len());
            self.most = self.most.min(self.tried.saturating_add(more));
        }
    }
}

/// Two bits say how to search, the rest is the seed of the choices.
fn schedule_number(seed: u64, nth: u32) -> u32 {
    let mut dice = Dice::new(seed ^ (u64::from(nth) << 32));
    (dice.next() as u32 & !3) | (nth & 3)
}

fn policy_of(number: u32, search: Search) -> (Policy, bool) {
    let dice = Dice::new(u64::from(number));
    let policy = match number & 1 {
        0 => Policy::random(dice),
        _ => Policy::pct(dice),
    };
    (policy, number & 2 != 0 && search == Search::Mixed)
}

impl Failure {
    fn of(schedule: ScheduleNumber, ending: Ending, world: &World) -> Self {
        let live = (0..world.threads.len()).filter(|thread| !world.threads[*thread].ended);
        let live = live.map(|number| {
            let thread = &world.threads[number];
            let waits = thread.waits.filter(|_| thread.woken.is_none());
            let place = waits.map(|(_, place)| place).or(thread.place);
            LiveThread {
                name: world.name_of(number),
                waits_for: waits.map(|(wait, _)| wait::words(world, wait)),
                file: place.map_or("", |place| place.file()),
                line: place.map_or(0, |place| place.line()),
            }
        });
        Self {
            schedule,
            how: match ending {
                Ending::Panicked(payload) => How::Panicked(payload),
                Ending::Deadlock => How::Deadlock,
                Ending::Livelock => How::Livelock,
            },
            threads: live.collect(),
            steps: told(world),
        }
    }

    /// Whether it takes less time to read than `other`, which fails in the same way.
    fn is_shorter(&self, other: &Self) -> bool {
        std::mem::discriminant(&self.how) == std::mem::discriminant(&other.how)
            && self.steps.len() < other.steps.len()
    }
}

/// The steps of an execution as sentences.
fn told(world: &World) -> Vec<ToldStep> {
    let told = world.steps.iter().map(|step| ToldStep {
        thread: step
            .thread
            .map_or_else(String::new, |thread| world.name_of(thread)),
        what: step::words(world, step),
        file: step.place.map_or("", |place| place.file()),
        line: step.place.map_or(0, |place| place.line()),
    });
    told.collect()
}

impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Failure")
            .field("schedule", &self.schedule)
            .field("how", &self.how)
            .field("threads", &self.threads)
            .field("steps", &self.steps.len())
            .finish()
    }
}

impl std::fmt::Debug for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Panicked(_) => "Panicked",
            Self::Deadlock => "Deadlock",
            Self::Livelock => "Livelock",
        })
    }
}
