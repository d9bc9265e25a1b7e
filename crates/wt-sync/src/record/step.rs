//! The last things that happened, as sentences.

use std::fmt::Write;

use super::graph::{Stuck, StuckThread};
use super::state::{Place, STEPS, State, ThreadNumber, state};

/// One watched operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) thread: ThreadNumber,
    pub(super) kind: StepKind,
    pub(super) place: Place,
}

/// What was done; an object by its kind and the place where it was made.
#[derive(Debug, Clone, Copy)]
pub(super) enum StepKind {
    Locked(&'static str, Place),
    Unlocked(&'static str, Place),
    Slept(&'static str, Place),
    Notified(Place),
    NotifiedAll(Place),
    Sent(Place),
    Received(Place),
    Started(ThreadNumber),
    Joined(ThreadNumber),
    Unparked(ThreadNumber),
}

/// The last steps of the threads in `stuck` that happened on a line of a file
/// whose path begins with `source`, at most `most`, oldest first, each as a
/// sentence. Steps that say the same count as one.
#[must_use]
pub fn steps(most: usize, stuck: &Stuck, source: &str) -> Vec<String> {
    let state = state();
    let oldest = state.next_step.saturating_sub(STEPS);
    let newest_first = (oldest..state.next_step).rev();
    let mut told: Vec<(String, usize)> = Vec::new();
    for step in newest_first.filter_map(|number| state.steps[number % STEPS]) {
        let is_stuck = |thread: &StuckThread| thread.number == step.thread;
        if !step.place.file().starts_with(source) || !stuck.threads.iter().any(is_stuck) {
            continue;
        }
        let sentence = sentence(&state, &step);
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
    let of = |kind: &str, made_at: Place| object(kind, made_at);
    let mut text = format!("`{}` ", name(step.thread));
    text.push_str(&match step.kind {
        StepKind::Locked(kind, made_at) => format!("took {}", of(kind, made_at)),
        StepKind::Unlocked(kind, made_at) => format!("let go of {}", of(kind, made_at)),
        StepKind::Slept(kind, made_at) => format!("began to wait at {}", of(kind, made_at)),
        StepKind::Notified(made_at) => format!("notified one at {}", of("Condvar", made_at)),
        StepKind::NotifiedAll(made_at) => format!("notified all at {}", of("Condvar", made_at)),
        StepKind::Sent(made_at) => format!("sent to {}", of("channel", made_at)),
        StepKind::Received(made_at) => format!("received from {}", of("channel", made_at)),
        StepKind::Started(thread) => format!("started `{}`", name(thread)),
        StepKind::Joined(thread) => format!("joined `{}`", name(thread)),
        StepKind::Unparked(thread) => format!("unparked `{}`", name(thread)),
    });
    // A guard does not know where it was dropped.
    if !matches!(step.kind, StepKind::Unlocked(..)) {
        let _ = write!(text, ", line {}", step.place.line());
    }
    text
}

/// Such as `the Mutex made in line 31`.
pub(super) fn object(kind: &str, made_at: Place) -> String {
    let file = made_at.file().rsplit('/').next().unwrap_or_default();
    format!("the {kind} made at {file}:{}", made_at.line())
}

/// A thread's name, or its number in the record.
pub(super) fn name_of(state: &State, thread: ThreadNumber) -> String {
    match &state.threads[thread].name {
        Some(name) => name.to_string(),
        None => format!("thread {thread}"),
    }
}
