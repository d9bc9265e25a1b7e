//! The wait-for graph: who is stuck, and why.

use super::state::{ObjectRef, Place, State, ThreadNumber, Wait, state};
use super::step::{name_of, object};

/// Threads that can never go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// One sentence.
    pub why: String,
    /// Those that wait, in the order of the cycle if there is one.
    pub threads: Vec<StuckThread>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckThread {
    /// Its name.
    pub name: String,
    /// Its number in the record.
    pub(super) number: ThreadNumber,
    /// The system's number of the thread; 0 where it is not known.
    pub tid: u32,
    /// What it waits for, and who has it.
    pub waits_for: String,
    /// The file of the call that waits.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
}

/// Whether some threads can never go on, as the record has it now.
///
/// Never blocks for long. A wake-up may be on its way: see the module's text on
/// what the caller has to make sure of.
#[must_use]
pub fn look() -> Option<Stuck> {
    let mut state = state();
    if let Some(cycle) = cycle(&mut state) {
        let names: Vec<String> = cycle
            .iter()
            .map(|thread| name_of(&state, *thread))
            .collect();
        let why = match names.as_slice() {
            [one] => format!("`{one}` waits for itself"),
            several => format!("`{}` wait for each other in a circle", several.join("`, `")),
        };
        return Some(stuck(&mut state, why, &cycle));
    }
    let all = everybody(&mut state)?;
    Some(stuck(
        &mut state,
        "every thread waits, and none is left to wake another".into(),
        &all,
    ))
}

/// Every thread that waits now, as the record has it, whether or not it can go on.
#[must_use]
pub fn who_waits() -> Vec<StuckThread> {
    let mut state = state();
    let live: Vec<ThreadNumber> = (0..state.threads.len())
        .filter(|thread| !state.threads[*thread].ended)
        .collect();
    stuck(&mut state, String::new(), &live).threads
}

/// The live threads, if none of them can go on and no other thread could wake one.
fn everybody(state: &mut State) -> Option<Vec<ThreadNumber>> {
    let live: Vec<ThreadNumber> = (0..state.threads.len())
        .filter(|thread| !state.threads[*thread].ended)
        .collect();
    if live.is_empty() || !live.iter().all(|thread| cannot_go_on(state, *thread)) {
        return None;
    }
    (threads_of_the_process()? <= live.len() + state.unwatched).then_some(live)
}

/// Whether nothing has happened yet that ends the wait of `thread`.
fn cannot_go_on(state: &mut State, thread: ThreadNumber) -> bool {
    let Some((wait, _)) = state.threads[thread].waits else {
        return false;
    };
    match wait {
        Wait::Lock(lock) => {
            let record = record_of(state, lock);
            record.owner.is_some() || record.readers > 0
        }
        Wait::Read(lock) => record_of(state, lock).owner.is_some(),
        Wait::Notify(condition) => record_of(state, condition).count == 0,
        Wait::Barrier(barrier, generation) => record_of(state, barrier).count == generation,
        Wait::Init(cell) => record_of(state, cell).owner.is_some(),
        Wait::End(other) => !state.threads[other].ended,
        Wait::ScopeEnd(scope) => state
            .threads
            .iter()
            .any(|other| other.scope == Some(scope) && !other.ended),
        Wait::Receive(channel) => {
            let (messages, senders) = {
                let record = record_of(state, channel);
                (record.messages, record.senders)
            };
            messages == 0 && senders > 0 && !meets(state, channel)
        }
        Wait::Send(channel) => {
            let record = record_of(state, channel);
            let full = record.capacity.is_some_and(|most| record.messages >= most);
            full && record.receivers > 0 && !meets(state, channel)
        }
        Wait::Unpark => !state.threads[thread].unparked,
        Wait::Other => false,
    }
}

/// Whether a sender and a receiver wait at the same channel, as at a rendezvous:
/// one of them is about to go on.
fn meets(state: &State, channel: ObjectRef) -> bool {
    let waits = |wanted: fn(Wait) -> Option<ObjectRef>| {
        let mut waits = state.threads.iter().filter_map(|thread| thread.waits);
        waits.any(|(wait, _)| wanted(wait) == Some(channel))
    };
    waits(|wait| match wait {
        Wait::Send(channel) => Some(channel),
        _ => None,
    }) && waits(|wait| match wait {
        Wait::Receive(channel) => Some(channel),
        _ => None,
    })
}

/// The threads of a cycle in which each waits for what only the next can give.
fn cycle(state: &mut State) -> Option<Vec<ThreadNumber>> {
    for first in 0..state.threads.len() {
        let mut path = vec![first];
        while let Some(next) = debtor(state, *path.last()?) {
            if let Some(start) = path.iter().position(|thread| *thread == next) {
                return Some(path.split_off(start));
            }
            path.push(next);
        }
    }
    None
}

/// The one thread without which `thread` cannot go on.
fn debtor(state: &mut State, thread: ThreadNumber) -> Option<ThreadNumber> {
    if state.threads[thread].ended {
        return None;
    }
    match state.threads[thread].waits?.0 {
        Wait::Lock(object) | Wait::Read(object) | Wait::Init(object) => {
            record_of(state, object).owner.map(|(owner, _)| owner)
        }
        Wait::End(other) => (!state.threads[other].ended).then_some(other),
        _ => None,
    }
}

fn record_of(state: &mut State, object: ObjectRef) -> &mut super::state::ObjectRecord {
    // SAFETY: `object` comes from the `waits` of a thread, and the caller has the state borrowed
    // exclusively, which it got from the lock.
    unsafe { object.tag() }.record(state)
}

fn stuck(state: &mut State, why: String, threads: &[ThreadNumber]) -> Stuck {
    let threads = threads.iter().filter_map(|thread| {
        let (wait, place) = state.threads[*thread].waits?;
        Some(StuckThread {
            name: name_of(state, *thread),
            number: *thread,
            tid: state.threads[*thread].tid,
            waits_for: waits_for(state, wait),
            file: place.file(),
            line: place.line(),
        })
    });
    let threads = threads.collect();
    Stuck { why, threads }
}

fn waits_for(state: &mut State, wait: Wait) -> String {
    let described = |object: ObjectRef| {
        // SAFETY: as in `record_of`.
        let tag = unsafe { object.tag() };
        self::object(tag.kind, tag.made_at)
    };
    match wait {
        Wait::Lock(lock) | Wait::Read(lock) => {
            let what = described(lock);
            let record = record_of(state, lock);
            let reader = record.last_reader.filter(|_| record.readers > 0);
            match record.owner.or(reader) {
                Some((holder, since)) => format!("{what}, which {}", held(state, holder, since)),
                None => what,
            }
        }
        Wait::Init(cell) => {
            let what = described(cell);
            match record_of(state, cell).owner {
                Some((owner, since)) => format!(
                    "{what}, which `{}` initialises since {}",
                    name_of(state, owner),
                    short(since)
                ),
                None => what,
            }
        }
        Wait::Notify(condition) => format!("a notification at {}", described(condition)),
        Wait::Barrier(barrier, _) => format!("{}, where others are missing", described(barrier)),
        Wait::End(thread) => format!("the end of `{}`", name_of(state, thread)),
        Wait::ScopeEnd(scope) => {
            let open = |state: &State, thread: &ThreadNumber| {
                let record = &state.threads[*thread];
                record.scope == Some(scope) && !record.ended
            };
            let names: Vec<String> = (0..state.threads.len())
                .filter(|thread| open(state, thread))
                .map(|thread| format!("`{}`", name_of(state, thread)))
                .collect();
            format!("the end of its scope's threads {}", names.join(", "))
        }
        Wait::Receive(channel) => {
            let what = described(channel);
            let senders = record_of(state, channel).senders;
            format!(
                "a message of {what}, which is empty and has {}",
                some(senders, "sender")
            )
        }
        Wait::Send(channel) => {
            let what = described(channel);
            let record = record_of(state, channel);
            let full = match record.capacity {
                Some(0) => "where nobody receives".to_owned(),
                _ => format!("which holds {}", some(record.messages, "message")),
            };
            format!("room in {what}, {full}")
        }
        Wait::Unpark => "an unpark".into(),
        Wait::Other => "time to pass, or something that is not watched".into(),
    }
}

fn held(state: &State, holder: ThreadNumber, since: Place) -> String {
    let ended = if state.threads[holder].ended {
        " and took with it when it ended"
    } else {
        ""
    };
    format!(
        "`{}` holds since {}{ended}",
        name_of(state, holder),
        short(since)
    )
}

fn short(place: Place) -> String {
    let file = place.file().rsplit('/').next().unwrap_or_default();
    format!("{file}:{}", place.line())
}

fn some(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// How many threads the process has; `None` where the system does not say.
#[cfg(target_os = "linux")]
fn threads_of_the_process() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/task").ok()?.count())
}

#[cfg(not(target_os = "linux"))]
fn threads_of_the_process() -> Option<usize> {
    None
}
