//! What is written down: the threads, what each waits for, and the last steps.
//!
//! Nothing here allocates while a thread works, because a check may count the
//! bytes that a thread allocates: what is known of an object lies in the object.
//! Nothing grows without a bound either: the steps are a ring, and the records of
//! threads that have ended are used again.

use std::cell::Cell;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;

use super::log::Log;
use super::object::{Object, ObjectRef};
use super::step::{Step, StepKind};
use super::turn::{self, Go, Schedule};

/// A place in a source file.
pub(super) type Place = &'static Location<'static>;

/// A thread's number in the record, from 0.
pub(super) type ThreadNumber = usize;

/// What a thread waits for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wait {
    /// To have a mutex, or a read-write lock for writing.
    Lock(ObjectRef),
    /// To have a read-write lock for reading.
    Read(ObjectRef),
    /// To be notified.
    Notify(ObjectRef),
    /// Until the barrier has let this generation go.
    Barrier(ObjectRef, usize),
    /// Until somebody else has initialised the cell.
    Init(ObjectRef),
    /// For the end of a thread.
    End(ThreadNumber),
    /// For the end of all threads of a scope.
    ScopeEnd(usize),
    /// For a message, or for the last sender to go.
    Receive(ObjectRef),
    /// For room, or for the last receiver to go.
    Send(ObjectRef),
    /// For `unpark`.
    Unpark,
    /// For time to pass.
    Time,
    /// For something that is not written down.
    Other,
}

#[derive(Debug)]
pub(super) struct ThreadRecord {
    /// `None` for a thread without a name.
    pub(super) name: Option<Box<str>>,
    /// Where it was started.
    pub(super) started_at: Place,
    /// The system's number of the thread; 0 until it runs, or where it is not known.
    pub(super) tid: u32,
    /// std's number of it, from when it runs.
    pub(super) id: Option<ThreadId>,
    pub(super) waits: Option<(Wait, Place)>,
    /// It waits with a timeout.
    pub(super) timed: bool,
    pub(super) ended: bool,
    /// `unpark` came, and no `park` has taken it yet.
    pub(super) unparked: bool,
    /// The scope that waits for its end, by its address.
    pub(super) scope: Option<usize>,
    /// How many locks it has.
    pub(super) held: u32,
    /// Which of the threads that had this number.
    pub(super) generation: u32,
    /// Somebody can still join it.
    pub(super) joinable: bool,
    /// The number of the step after its end.
    ended_at: usize,
    /// What only a fixed schedule needs.
    pub(super) turn: turn::Place,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) threads: Vec<ThreadRecord>,
    /// A ring; `next_step` is the number of the next.
    pub(super) steps: [Option<Step>; STEPS],
    pub(super) next_step: usize,
    /// How many objects have a number.
    pub(super) objects: u32,
    /// Threads that never use the façade and cannot wake anybody.
    pub(super) unwatched: usize,
    /// There were more threads than the record has room for: it knows too little
    /// from now on.
    pub(super) overflowed: bool,
    /// Where to look first for a record to use again.
    cursor: usize,
    /// Poisoned locks that somebody took, the first ones.
    pub(super) poison: [Option<(Object, ThreadNumber, Place)>; POISON],
    /// Everything, if it is to be kept.
    pub(super) log: Option<Log>,
    /// Who may run, if one thread runs at a time.
    pub(super) schedule: Option<Schedule>,
}

/// How many steps are kept.
pub(super) const STEPS: usize = 2048;
/// How many poisoned locks are kept.
const POISON: usize = 4;
/// From how many threads on a record is used again.
const RECYCLE: usize = 4096;
/// How many threads have a record of their own at the same time.
const THREADS: usize = 1 << 16;
/// How many bytes of a thread's name are kept.
const NAME: usize = 64;

static STATE: Mutex<State> = Mutex::new(State {
    threads: Vec::new(),
    steps: [None; STEPS],
    next_step: 0,
    objects: 0,
    unwatched: 0,
    overflowed: false,
    cursor: 0,
    poison: [None; POISON],
    log: None,
    schedule: None,
});

/// The record. Nobody waits for anything but memory while holding it.
pub(super) fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says how many threads of the process never use the façade and never wake a
/// thread that does, such as a watchdog. Any further thread that is not in the
/// record keeps [`look`](super::look) from saying that everybody is asleep.
///
/// Call it before the watched code starts: it also makes room for the threads.
pub fn expect_unwatched(count: usize) {
    let mut state = state();
    state.unwatched = count;
    state.threads.reserve(1024);
}

thread_local! {
    static ME: Cell<Option<ThreadNumber>> = const { Cell::new(None) };
    static LAST_WORD: LastWord = const { LastWord };
}

/// The number of the calling thread, if it has one yet.
pub(super) fn known_me() -> Option<ThreadNumber> {
    ME.try_with(Cell::get).ok().flatten()
}

/// Writes down the end of a thread when its thread-local values are dropped.
struct LastWord;

impl Drop for LastWord {
    fn drop(&mut self) {
        if let Some(me) = ME.get() {
            let mut state = state();
            let place = state.threads[me].started_at;
            state.keep(me, StepKind::Ended, place);
            state.end(me);
            turn::hand_over(&mut state, me);
        }
    }
}

impl State {
    /// Writes down a thread that is about to be started.
    pub(super) fn announce(
        &mut self,
        name: Option<&str>,
        scope: Option<usize>,
        place: Place,
    ) -> ThreadNumber {
        let record = ThreadRecord {
            name: name.map(|name| Box::from(cut(name))),
            started_at: place,
            tid: 0,
            id: None,
            waits: None,
            timed: false,
            ended: false,
            unparked: false,
            scope,
            held: 0,
            generation: 0,
            joinable: false,
            ended_at: 0,
            turn: turn::Place::default(),
        };
        match self.unused() {
            Some(number) => {
                let generation = self.threads[number].generation + 1;
                self.threads[number] = ThreadRecord {
                    generation,
                    ..record
                };
                number
            }
            None if self.threads.len() <= THREADS => {
                self.threads.push(record);
                self.threads.len() - 1
            }
            // All that are too many share the last record, which tells nothing.
            None => {
                self.overflowed = true;
                THREADS
            }
        }
    }

    /// The record of a thread that has ended and that nothing refers to any more.
    fn unused(&mut self) -> Option<ThreadNumber> {
        let count = self.threads.len();
        // A log refers to all of them.
        if count < RECYCLE || self.log.is_some() {
            return None;
        }
        let oldest = self.next_step.saturating_sub(STEPS);
        let unused = |thread: &ThreadRecord| {
            thread.ended && !thread.joinable && thread.held == 0 && thread.ended_at <= oldest
        };
        let mut order = (0..count).map(|n| (self.cursor + n) % count);
        let found = order.find(|number| unused(&self.threads[*number]))?;
        self.cursor = found + 1;
        Some(found)
    }

    /// The calling thread; it is written down now if the façade has not started it.
    pub(super) fn me(&mut self) -> ThreadNumber {
        if let Some(known) = known_me() {
            return known;
        }
        let current = std::thread::current();
        let number = self.announce(current.name(), None, Location::caller());
        self.threads[number].tid = tid();
        self.threads[number].id = Some(current.id());
        turn::arrived(self, number, current);
        let _ = ME.try_with(|me| me.set(Some(number)));
        let _ = LAST_WORD.try_with(|_| ());
        let place = self.threads[number].started_at;
        self.keep(number, StepKind::Began, place);
        number
    }

    /// The calling thread, told from all others.
    pub(super) fn who(&mut self) -> (ThreadNumber, u32) {
        let me = self.me();
        (me, self.threads[me].generation)
    }

    pub(super) fn end(&mut self, thread: ThreadNumber) {
        self.threads[thread].ended = true;
        self.threads[thread].ended_at = self.next_step;
    }

    /// Writes down what the calling thread has done, as one of the last steps.
    pub(super) fn step(&mut self, kind: StepKind, place: Place) {
        let thread = self.me();
        self.steps[self.next_step % STEPS] = Some(Step {
            thread,
            kind,
            place,
        });
        self.next_step += 1;
        self.keep(thread, kind, place);
    }

    /// Writes down what a thread has done in the log alone.
    pub(super) fn keep(&mut self, thread: ThreadNumber, kind: StepKind, place: Place) {
        let at = self.schedule.as_mut().map(Schedule::tick);
        if let Some(log) = &mut self.log {
            let step = Step {
                thread,
                kind,
                place,
            };
            log.add(at, step);
        }
    }

    /// Writes down that the calling thread took a lock that another has poisoned.
    pub(super) fn met_poison(&mut self, object: Object, thread: ThreadNumber, since: Place) {
        self.step(StepKind::FoundPoisoned(object, thread), since);
        let known = |met: &Option<(Object, ThreadNumber, Place)>| {
            met.is_some_and(|(other, ..)| other == object)
        };
        if !self.poison.iter().any(known)
            && let Some(free) = self.poison.iter_mut().find(|met| met.is_none())
        {
            *free = Some((object, thread, since));
        }
    }
}

/// Makes the calling thread the one that was announced as `number`.
pub(super) fn begin(number: ThreadNumber) {
    ME.set(Some(number));
    LAST_WORD.with(|_| ());
    let current = std::thread::current();
    {
        let mut state = state();
        state.threads[number].tid = tid();
        state.threads[number].id = Some(current.id());
        turn::arrived(&mut state, number, current);
    }
    turn::await_turn(number);
    let mut state = state();
    let place = state.threads[number].started_at;
    state.keep(number, StepKind::Began, place);
}

/// Runs `f`, which may block, with what it waits for written down.
pub(super) fn waiting<T>(wait: Wait, place: Place, f: impl FnOnce() -> T) -> T {
    waiting_for(wait, None, place, |_| f())
}

/// The same with a timeout, if there is one. `f` is told how the wait ended if a
/// fixed schedule has waited in its place.
pub(super) fn waiting_for<T>(
    wait: Wait,
    timeout: Option<Duration>,
    place: Place,
    f: impl FnOnce(Go) -> T,
) -> T {
    if turn::is_fixed() {
        return turn::waiting(wait, timeout, place, f);
    }
    let me = begin_wait(wait, timeout.is_some(), place);
    // Also when the wait unwinds.
    let _awake = Awake(me, place);
    f(Go::Free)
}

/// Writes down that the calling thread begins to wait.
pub(super) fn begin_wait(wait: Wait, timed: bool, place: Place) -> ThreadNumber {
    let mut state = state();
    let me = state.me();
    state.threads[me].waits = Some((wait, place));
    state.threads[me].timed = timed;
    if state.log.is_some() {
        let awaited = wait.awaited(&mut state);
        state.keep(me, StepKind::Waits(awaited), place);
    }
    me
}

/// Writes down that a thread waits no more.
pub(super) fn end_wait(thread: ThreadNumber, place: Place) {
    let mut state = state();
    state.threads[thread].waits = None;
    state.keep(thread, StepKind::Wakes, place);
}

struct Awake(ThreadNumber, Place);

impl Drop for Awake {
    fn drop(&mut self) {
        end_wait(self.0, self.1);
    }
}

/// At most [`NAME`] bytes of a name.
pub(super) fn cut(name: &str) -> &str {
    let fits = |at: &usize| name.is_char_boundary(*at);
    let end = (0..=name.len().min(NAME)).rev().find(fits);
    &name[..end.unwrap_or(0)]
}

#[cfg(target_os = "linux")]
fn tid() -> u32 {
    // SAFETY: `gettid` takes nothing and cannot fail.
    let tid = unsafe { libc::gettid() };
    tid.unsigned_abs()
}

#[cfg(not(target_os = "linux"))]
fn tid() -> u32 {
    0
}
