//! A fixed schedule: one thread runs at a time, and who is next is no chance.
//!
//! The thread whose turn it is runs until it has to wait, or has done something
//! that another thread may have waited for: sent, notified, unparked, started a
//! thread. Then the next thread that can go on has its turn, by its number, in a
//! circle. Time is counted in ticks: each event takes one, a wait for time a tick
//! per millisecond. When nobody can go on, the time jumps to the end of the first
//! wait that has one.
//!
//! So a program that does nothing at random, and waits only in ways that the
//! façade watches, has the same events in the same order each time. What it must
//! not do: `select!`, timer channels, threads that std starts, and spinning on an
//! atomic, which never gives the turn away. Code that asks for the time sees the
//! real one, and must not decide by it.
//!
//! The idea is that of a discrete-event simulation; shuttle's scheduler does the
//! same with a choice that varies.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::graph::{cannot_go_on, same_channel};
use super::object::ObjectRef;
use super::state::{self, State, ThreadNumber, Wait, state};
use super::step::{Awaited, StepKind};

static FIXED: AtomicBool = AtomicBool::new(false);

/// Who may run.
#[derive(Debug)]
pub(super) struct Schedule {
    /// `None` before the first thread has come, and when nobody can go on.
    turn: Option<ThreadNumber>,
    now: u64,
    /// Nobody can ever go on.
    stuck: bool,
    /// How many threads have begun to wait at a condition.
    sleepers: u64,
    /// How often the turn went to somebody else.
    switches: u64,
}

/// What a thread's record has for a fixed schedule.
#[derive(Debug, Default)]
pub(super) struct Place {
    handle: Option<std::thread::Thread>,
    /// The tick at which its wait has lasted long enough.
    until: Option<u64>,
    /// It was chosen by a notification.
    notified: bool,
    /// In which order it came to wait at a condition.
    sleeper: u64,
    /// Somebody meets it at a rendezvous: it may do that, out of turn.
    granted: bool,
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Go {
    /// It has not begun: there is no fixed schedule.
    Free,
    /// What it waited for is there.
    Ready,
    /// It has lasted long enough.
    TimedOut,
}

/// How a fixed schedule is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Changes whenever something happens.
    pub steps: u64,
    /// No thread can ever go on.
    pub stuck: bool,
}

impl Schedule {
    /// The time, which then goes on.
    pub(super) fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now - 1
    }
}

/// Lets the threads of the façade run one at a time from now on, in an order that
/// is always the same.
///
/// Call it before the watched code starts. The first thread that uses the façade
/// has the first turn.
pub fn fix_schedule() {
    state().schedule = Some(Schedule {
        turn: None,
        now: 0,
        stuck: false,
        sleepers: 0,
        switches: 0,
    });
    FIXED.store(true, Ordering::Release);
}

/// How the fixed schedule is doing, if there is one.
#[must_use]
pub fn progress() -> Option<Progress> {
    let state = state();
    let schedule = state.schedule.as_ref()?;
    Some(Progress {
        steps: schedule.now + schedule.switches,
        stuck: schedule.stuck,
    })
}

pub(super) fn is_fixed() -> bool {
    FIXED.load(Ordering::Acquire)
}

/// A thread is there, and can be woken.
pub(super) fn arrived(state: &mut State, thread: ThreadNumber, handle: std::thread::Thread) {
    if let Some(schedule) = &mut state.schedule {
        if thread == 0 {
            schedule.turn = Some(thread);
        }
        state.threads[thread].turn.handle = Some(handle);
    }
}

/// Sleeps until it is the turn of `me`, or until it is granted a rendezvous, and
/// says whether it is the latter.
pub(super) fn await_turn(me: ThreadNumber) -> bool {
    if !is_fixed() {
        return false;
    }
    loop {
        {
            let mut state = state();
            if std::mem::take(&mut state.threads[me].turn.granted) {
                return true;
            }
            if state
                .schedule
                .as_ref()
                .is_some_and(|it| it.turn == Some(me))
            {
                return false;
            }
        }
        std::thread::park();
    }
}

/// Lets the next thread run that can.
pub(super) fn pass() {
    if !is_fixed() {
        return;
    }
    let mut state = state();
    let me = state.me();
    hand_over(&mut state, me);
    drop(state);
    await_turn(me);
}

/// The same, for a thread that has nothing to do but to wait for others.
pub(super) fn yield_now() {
    if let Some(schedule) = &mut state().schedule {
        schedule.tick();
    }
    pass();
}

/// Gives the turn to the next thread after `me` that can go on.
pub(super) fn hand_over(state: &mut State, me: ThreadNumber) {
    if state.schedule.is_none() {
        return;
    }
    let count = state.threads.len();
    let order = (1..=count).map(|n| (me + n) % count);
    let next = order.clone().find(|thread| can_go_on(state, *thread));
    let next = next.or_else(|| {
        let ends = order.filter(|thread| !state.threads[*thread].ended);
        let ends = ends.filter_map(|thread| Some((state.threads[thread].turn.until?, thread)));
        ends.min().map(|(until, thread)| {
            if let Some(schedule) = &mut state.schedule {
                schedule.now = schedule.now.max(until);
            }
            thread
        })
    });
    let alive = state.threads.iter().any(|thread| !thread.ended);
    let Some(schedule) = &mut state.schedule else {
        return;
    };
    schedule.turn = next;
    schedule.switches += 1;
    schedule.stuck = next.is_none() && alive;
    if let Some(handle) = next.and_then(|next| state.threads[next].turn.handle.as_ref()) {
        handle.unpark();
    }
}

fn now(state: &State) -> u64 {
    state.schedule.as_ref().map_or(0, |schedule| schedule.now)
}

fn can_go_on(state: &mut State, thread: ThreadNumber) -> bool {
    let record = &state.threads[thread];
    if record.ended {
        return false;
    }
    let over = record.turn.until.is_some_and(|until| until <= now(state));
    record.waits.is_none() || over || is_ready(state, thread)
}

/// Whether what `thread` waits for is there.
fn is_ready(state: &mut State, thread: ThreadNumber) -> bool {
    match state.threads[thread].waits {
        Some((Wait::Notify(_), _)) => state.threads[thread].turn.notified,
        Some((Wait::Time | Wait::Other, _)) => false,
        Some(_) => !cannot_go_on(state, thread),
        None => true,
    }
}

/// Waits as the schedule has it, then runs `f`, which finds what it needs.
pub(super) fn waiting<T>(
    wait: Wait,
    timeout: Option<Duration>,
    place: state::Place,
    f: impl FnOnce(Go) -> T,
) -> T {
    let (go, granted) = block(wait, timeout, place);
    let result = f(go);
    if let Some(me) = granted {
        await_turn(me);
        state().keep(me, StepKind::Wakes, place);
    }
    result
}

/// Waits, and says how that ended; with the thread's number, if it is only granted
/// a rendezvous and has to wait for its turn afterwards.
fn block(wait: Wait, timeout: Option<Duration>, place: state::Place) -> (Go, Option<ThreadNumber>) {
    let mut state = state();
    let me = state.me();
    let until = timeout.map(|time| now(&state) + ticks(time));
    state.threads[me].waits = Some((wait, place));
    state.threads[me].turn.until = until;
    if meet(&mut state, wait) || is_ready(&mut state, me) {
        state.threads[me].waits = None;
        return (Go::Ready, None);
    }
    if matches!(wait, Wait::Notify(_))
        && let Some(schedule) = &mut state.schedule
    {
        schedule.sleepers += 1;
        state.threads[me].turn.sleeper = schedule.sleepers;
    }
    let awaited = wait.awaited(&mut state);
    state.keep(me, StepKind::Waits(awaited), place);
    hand_over(&mut state, me);
    drop(state);
    let granted = await_turn(me);
    if granted {
        return (Go::Ready, Some(me));
    }
    let mut state = self::state();
    let ready = is_ready(&mut state, me);
    state.threads[me].turn.notified = false;
    state.threads[me].waits = None;
    state.threads[me].turn.until = None;
    state.keep(me, StepKind::Wakes, place);
    (if ready { Go::Ready } else { Go::TimedOut }, None)
}

fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis())
        .unwrap_or(u64::MAX >> 1)
        .max(1)
}

/// If a partner for a rendezvous waits, lets it go on out of turn, until it has
/// met the caller.
pub(super) fn meet(state: &mut State, wait: Wait) -> bool {
    let Some(partner) = same_channel(state, wait) else {
        return false;
    };
    let record = &mut state.threads[partner];
    record.waits = None;
    record.turn.until = None;
    record.turn.granted = true;
    if let Some(handle) = &record.turn.handle {
        handle.unpark();
    }
    true
}

/// Chooses whom a notification wakes: at most `most`, the longest asleep first.
pub(super) fn notify(state: &mut State, condition: ObjectRef, most: usize) {
    let mut sleepers: Vec<(u64, ThreadNumber)> = Vec::new();
    for (number, thread) in state.threads.iter().enumerate() {
        let asleep = matches!(thread.waits, Some((Wait::Notify(at), _)) if at == condition);
        if asleep && !thread.turn.notified {
            sleepers.push((thread.turn.sleeper, number));
        }
    }
    sleepers.sort_unstable();
    for (_, thread) in sleepers.into_iter().take(most) {
        state.threads[thread].turn.notified = true;
    }
}

impl Wait {
    /// As the log keeps it.
    pub(super) fn awaited(self, state: &mut State) -> Awaited {
        let object = |object: ObjectRef, state: &mut State| {
            // SAFETY: the caller is the thread that waits for it and has the state borrowed.
            unsafe { object.tag() }.object(state)
        };
        match self {
            Self::Lock(it) | Self::Read(it) => Awaited::Lock(object(it, state)),
            Self::Notify(it) => Awaited::Notify(object(it, state)),
            Self::Barrier(it, _) => Awaited::Barrier(object(it, state)),
            Self::Init(it) => Awaited::Init(object(it, state)),
            Self::Receive(it) => Awaited::Message(object(it, state)),
            Self::Send(it) => Awaited::Room(object(it, state)),
            Self::End(thread) => Awaited::End(thread),
            Self::ScopeEnd(_) => Awaited::Scope,
            Self::Unpark => Awaited::Unpark,
            Self::Time => Awaited::Time,
            Self::Other => Awaited::Other,
        }
    }
}
