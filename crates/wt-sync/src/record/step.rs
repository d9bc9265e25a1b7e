//! What happened, and the last of it as sentences.

use std::fmt::Write;

use super::graph::{Stuck, StuckThread};
use super::object::Object;
use super::state::{Place, STEPS, State, ThreadNumber, state};

/// One watched operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) thread: ThreadNumber,
    pub(super) kind: StepKind,
    pub(super) place: Place,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    Locked(Object),
    FoundPoisoned(Object, ThreadNumber),
    Unlocked(Object),
    Slept(Object),
    Notified(Object),
    NotifiedAll(Object),
    Sent(Object),
    Received(Object),
    Started(ThreadNumber),
    Joined(ThreadNumber),
    Unparked(ThreadNumber),
    /// It was tried, and another had it.
    Missed(Object),
    // The rest is kept in the log alone.
    Began,
    Ended,
    Waits(Awaited),
    Wakes,
    /// A part of the work that has a name, by its number in the log.
    Opened(u32),
    Closed,
}

/// What a thread waits for, as the log keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    Lock(Object),
    Notify(Object),
    Barrier(Object),
    Init(Object),
    Message(Object),
    Room(Object),
    End(ThreadNumber),
    Scope,
    Unpark,
    Time,
    Other,
}

/// The last steps of the threads in `stuck` that happened on a line of a file
/// whose path begins with `source`, at most `most`, oldest first, each as a
/// sentence. Steps that say the same count as one.
#[must_use]
pub fn steps(most: usize, stuck: &Stuck, source: &str) -> Vec<String> {
    let is_stuck = |number| {
        let same = |thread: &StuckThread| thread.number == number;
        stuck.threads.iter().any(same)
    };
    told(&state(), most, |step| {
        is_stuck(step.thread) && step.place.file().starts_with(source)
    })
}

/// How many steps there have been.
#[must_use]
pub fn step_count() -> usize {
    state().next_step
}

/// The different steps since there were `since`, by any thread, on a line of a
/// file whose path begins with `source`, at most `most`. Each with how often it
/// came among those that are still known.
#[must_use]
pub fn steps_since(since: usize, most: usize, source: &str) -> Vec<(String, usize)> {
    let state = state();
    let oldest = since.max(state.next_step.saturating_sub(STEPS));
    let mut told: Vec<(Step, usize)> = Vec::new();
    for step in (oldest..state.next_step).filter_map(|number| state.steps[number % STEPS]) {
        if !step.place.file().starts_with(source) {
            continue;
        }
        let same = |(other, _): &(Step, usize)| {
            (other.thread, other.kind, other.place) == (step.thread, step.kind, step.place)
        };
        match told.iter().position(same) {
            Some(known) => told[known].1 += 1,
            None if told.len() < most => told.push((step, 1)),
            None => {}
        }
    }
    told.into_iter()
        .map(|(step, times)| (sentence(&state, &step), times))
        .collect()
}

/// The locks that were found poisoned and had been taken on a line of a file whose
/// path begins with `source`, each as a sentence.
#[must_use]
pub fn poisoned(source: &str) -> Vec<String> {
    let state = state();
    let met = state.poison.iter().flatten();
    let met = met.filter(|(.., since)| since.file().starts_with(source));
    met.map(|(lock, thread, since)| {
        format!(
            "{} is poisoned: `{}` panicked while it had it, since {}",
            object(*lock),
            name_of(&state, *thread),
            short(since)
        )
    })
    .collect()
}

fn told(state: &State, most: usize, counts: impl Fn(&Step) -> bool) -> Vec<String> {
    let oldest = state.next_step.saturating_sub(STEPS);
    let newest_first = (oldest..state.next_step).rev();
    let mut told: Vec<(String, usize)> = Vec::new();
    for step in newest_first.filter_map(|number| state.steps[number % STEPS]) {
        if !counts(&step) {
            continue;
        }
        let sentence = sentence(state, &step);
        let full = told.len() == most;
        match told.last_mut() {
            Some((last, times)) if *last == sentence => *times += 1,
            _ if full => break,
            _ => told.push((sentence, 1)),
        }
    }
    told.reverse();
    let sentences = told.into_iter().map(|(sentence, times)| match times {
        1 => sentence,
        _ => format!("{sentence}, {times} times"),
    });
    sentences.collect()
}

fn sentence(state: &State, step: &Step) -> String {
    let name = |thread| name_of(state, thread);
    let of = object;
    let mut text = format!("`{}` ", name(step.thread));
    text.push_str(&match step.kind {
        StepKind::Locked(lock) => format!("took {}", of(lock)),
        StepKind::FoundPoisoned(lock, by) => {
            format!("found {} poisoned: `{}` panicked", of(lock), name(by))
        }
        StepKind::Unlocked(lock) => format!("let go of {}", of(lock)),
        StepKind::Missed(lock) => format!("tried {} in vain", of(lock)),
        StepKind::Slept(at) => format!("began to wait at {}", of(at)),
        StepKind::Notified(at) => format!("notified one at {}", of(at)),
        StepKind::NotifiedAll(at) => format!("notified all at {}", of(at)),
        StepKind::Sent(to) => format!("sent to {}", of(to)),
        StepKind::Received(from) => format!("received from {}", of(from)),
        StepKind::Started(thread) => format!("started `{}`", name(thread)),
        StepKind::Joined(thread) => format!("joined `{}`", name(thread)),
        StepKind::Unparked(thread) => format!("unparked `{}`", name(thread)),
        StepKind::Began => "began".into(),
        StepKind::Ended => "ended".into(),
        StepKind::Waits(_) => "waits".into(),
        StepKind::Wakes => "goes on".into(),
        StepKind::Opened(_) | StepKind::Closed => "works".into(),
    });
    // A guard does not know where it was dropped.
    if !matches!(step.kind, StepKind::Unlocked(..)) {
        let _ = write!(text, ", line {}", step.place.line());
    }
    text
}

/// Such as `the Mutex made at lib.rs:31`.
pub(super) fn object(object: Object) -> String {
    format!("the {} made at {}", object.kind, short(object.made_at))
}

/// Such as `lib.rs:31`.
pub(super) fn short(place: Place) -> String {
    let file = place.file().rsplit('/').next().unwrap_or_default();
    format!("{file}:{}", place.line())
}

/// A thread's name, or its number in the record.
pub(super) fn name_of(state: &State, thread: ThreadNumber) -> String {
    match &state.threads[thread].name {
        Some(name) => name.to_string(),
        None => format!("thread {thread}"),
    }
}
