//! What happened, as sentences.

use std::time::Duration;

use super::wait::{self, Wait};
use super::world::{ObjectNumber, Place, ThreadNumber, World};

/// One thing that happened.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// `None`: nobody did it; time passed.
    pub(super) thread: Option<ThreadNumber>,
    pub(super) verb: Verb,
    pub(super) place: Option<Place>,
}

/// What was done.
#[derive(Debug, Clone)]
pub(super) enum Verb {
    Started(ThreadNumber),
    Ended,
    Panicked(String),
    Joined(ThreadNumber),
    /// For what, and who had it.
    Waits(Wait, Option<(ThreadNumber, Place)>),
    TimeOver,
    TimePassed(Duration),
    Locked(ObjectNumber),
    Read(ObjectNumber),
    Unlocked(ObjectNumber),
    NotLocked(ObjectNumber),
    Slept(ObjectNumber),
    Notified(ObjectNumber, Option<ThreadNumber>),
    NotifiedAll(ObjectNumber, usize),
    Arrived(ObjectNumber),
    Initialised(ObjectNumber),
    Sent(ObjectNumber),
    NotSent(ObjectNumber),
    Received(ObjectNumber),
    NotReceived(ObjectNumber),
    HungUp(ObjectNumber, &'static str),
    Unparked(ThreadNumber),
    Yielded,
    Atomic(ObjectNumber, AtomicStep),
}

/// What was done to an atomic.
#[derive(Debug, Clone, Copy)]
pub(super) enum AtomicStep {
    Read(Shown),
    Stored(Shown),
    Changed(Shown, Shown),
    Kept(Shown),
}

/// An atomic's value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown {
    Bool(bool),
    Number(i128),
    Pointer,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Pointer => f.write_str("a pointer"),
        }
    }
}

/// The sentence without its subject: `took the Mutex made at lib.rs:31`.
pub(super) fn words(world: &World, step: &Step) -> String {
    let name = |thread: &ThreadNumber| format!("`{}`", world.name_of(*thread));
    let object = |object: &ObjectNumber| world.object_text(*object);
    match &step.verb {
        Verb::Started(thread) => format!("started {}", name(thread)),
        Verb::Ended => "ended".into(),
        Verb::Panicked(message) => format!("panicked: {message}"),
        Verb::Joined(thread) => format!("joined {}", name(thread)),
        Verb::Waits(Wait::Notify(condition), _) => {
            format!("let go of its lock and sleeps at {}", object(condition))
        }
        Verb::Waits(wait, holder) => {
            format!("waits for {}", wait::begun(world, *wait, *holder))
        }
        Verb::TimeOver => "woke up, because its time was over".into(),
        Verb::TimePassed(now) => format!("it is {now:?} after the start"),
        Verb::Locked(lock) => format!("took {}", object(lock)),
        Verb::Read(lock) => format!("took {} to read", object(lock)),
        Verb::Unlocked(lock) => format!("let go of {}", object(lock)),
        Verb::NotLocked(lock) => format!("did not get {}", object(lock)),
        Verb::Slept(condition) => format!("woke up at {}", object(condition)),
        Verb::Notified(condition, Some(woken)) => {
            format!(
                "notified one at {}: that woke {}",
                object(condition),
                name(woken)
            )
        }
        Verb::Notified(condition, None) => format!(
            "notified one at {}: nobody slept there, so nothing happened",
            object(condition)
        ),
        Verb::NotifiedAll(condition, count) => {
            let who = match count {
                0 => "nobody slept there, so nothing happened".into(),
                1 => "that woke 1 thread".into(),
                n => format!("that woke {n} threads"),
            };
            format!("notified all at {}: {who}", object(condition))
        }
        Verb::Arrived(barrier) => format!("arrived at {}", object(barrier)),
        Verb::Initialised(cell) => format!("initialised {}", object(cell)),
        Verb::Sent(channel) => format!("sent to {}", object(channel)),
        Verb::NotSent(channel) => format!("could not send to {}", object(channel)),
        Verb::Received(channel) => format!("received from {}", object(channel)),
        Verb::NotReceived(channel) => format!("got nothing from {}", object(channel)),
        Verb::HungUp(channel, end) => {
            format!("dropped the last {end} of {}", object(channel))
        }
        Verb::Unparked(thread) => format!("unparked {}", name(thread)),
        Verb::Yielded => "let others go first".into(),
        Verb::Atomic(atomic, did) => {
            let atomic = object(atomic);
            match did {
                AtomicStep::Read(value) => format!("read {value} in {atomic}"),
                AtomicStep::Stored(value) => format!("stored {value} in {atomic}"),
                AtomicStep::Changed(old, new) => format!("changed {old} to {new} in {atomic}"),
                AtomicStep::Kept(value) => {
                    format!("found {value} in {atomic}, and changed nothing")
                }
            }
        }
    }
}
