//! The wait-for graph: who is stuck, and why.

use super::ends::{Ends, Side};
use super::object::{ObjectRecord, ObjectRef};
use super::state::{Place, State, ThreadNumber, Wait, state};
use super::step::{name_of, short};

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
    /// It waits for something that the record does not see.
    unwatched: bool,
    /// The system's number of the thread; 0 where it is not known.
    pub tid: u32,
    /// What it waits for, and who has it.
    pub waits_for: String,
    /// The file of the call that waits.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
}

impl StuckThread {
    /// Whether it waits for something that the record does not see, such as a timer
    /// channel.
    #[must_use]
    pub fn is_unwatched(&self) -> bool {
        self.unwatched
    }
}

/// Whether some threads can never go on, as the record has it now.
///
/// Never blocks for long. A wake-up may be on its way: see the module's text on
/// what the caller has to make sure of.
#[must_use]
pub fn look() -> Option<Stuck> {
    let mut state = state();
    if state.overflowed {
        return None;
    }
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
    let why = match circle_of_channels(&mut state, &all).as_deref() {
        Some([one]) => format!("`{}` waits for what only it could send or take", one),
        Some(several) => format!(
            "`{}` wait for each other in a circle, through channels",
            several.join("`, `")
        ),
        None => "every thread waits, and none is left to wake another".into(),
    };
    Some(stuck(&mut state, why, &all))
}

/// The names of threads of which each waits for a channel whose other end the next
/// one has. They are stuck already: this only says how.
fn circle_of_channels(state: &mut State, stuck: &[ThreadNumber]) -> Option<Vec<String>> {
    if let [one] = stuck
        && let Some((Wait::Receive(_) | Wait::Send(_), _)) = state.threads[*one].waits
    {
        // Nobody else lives who could have the other end.
        return Some(vec![name_of(state, *one)]);
    }
    for first in stuck {
        let mut path = vec![*first];
        while let Some(next) = other_end(state, *path.last()?) {
            if let Some(start) = path.iter().position(|thread| *thread == next) {
                let names = path.split_off(start);
                return Some(names.into_iter().map(|it| name_of(state, it)).collect());
            }
            path.push(next);
        }
    }
    None
}

/// The thread that has the only other end of the channel at which `thread` waits,
/// or the one whose end or lock it waits for.
fn other_end(state: &mut State, thread: ThreadNumber) -> Option<ThreadNumber> {
    let (channel, side) = match state.threads[thread].waits?.0 {
        Wait::Receive(channel) => (channel, Side::Senders),
        Wait::Send(channel) => (channel, Side::Receivers),
        _ => return debtor(state, thread),
    };
    ends_of(state, channel, side, Ends::only_user)
}

/// Asks the known ends of a channel.
fn ends_of<T>(
    state: &mut State,
    channel: ObjectRef,
    side: Side,
    ask: fn(&Ends, &State, Side, usize) -> Option<T>,
) -> Option<T> {
    let record = record_of(state, channel);
    let count = match side {
        Side::Senders => record.senders,
        Side::Receivers => record.receivers,
    };
    let ends = record.ends.take()?;
    let answer = ask(&ends, state, side, count);
    record_of(state, channel).ends = Some(ends);
    answer
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
    let stuck = |state: &mut State, thread: ThreadNumber| {
        !state.threads[thread].timed && cannot_go_on(state, thread)
    };
    if live.is_empty() || !live.iter().all(|thread| stuck(state, *thread)) {
        return None;
    }
    (threads_of_the_process()? <= live.len() + state.unwatched).then_some(live)
}

/// Whether nothing has happened yet that ends the wait of `thread`, but for time.
pub(super) fn cannot_go_on(state: &mut State, thread: ThreadNumber) -> bool {
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
            let record = record_of(state, channel);
            let waits = record.messages <= 0 && record.senders > 0;
            waits && !meets(state, channel)
        }
        Wait::Send(channel) => {
            let record = record_of(state, channel);
            let waits = record.is_full() && record.receivers > 0;
            waits && !meets(state, channel)
        }
        Wait::Unpark => !state.threads[thread].unparked,
        Wait::Time | Wait::Other => false,
    }
}

/// Whether a sender and a receiver wait at the same rendezvous: both are about to
/// go on.
fn meets(state: &mut State, channel: ObjectRef) -> bool {
    record_of(state, channel).capacity == Some(0)
        && waits_at(state, channel, true).is_some()
        && waits_at(state, channel, false).is_some()
}

/// A thread that waits to send, or else to receive, at `channel`.
fn waits_at(state: &State, channel: ObjectRef, to_send: bool) -> Option<ThreadNumber> {
    state.threads.iter().position(|thread| {
        !thread.ended
            && match thread.waits {
                Some((Wait::Send(at), _)) => to_send && at == channel,
                Some((Wait::Receive(at), _)) => !to_send && at == channel,
                _ => false,
            }
    })
}

/// The thread that waits at a rendezvous for one that does what `wait` says.
pub(super) fn same_channel(state: &mut State, wait: Wait) -> Option<ThreadNumber> {
    let (channel, to_send) = match wait {
        Wait::Send(channel) => (channel, false),
        Wait::Receive(channel) => (channel, true),
        _ => return None,
    };
    if record_of(state, channel).capacity != Some(0) {
        return None;
    }
    waits_at(state, channel, to_send)
}

/// The threads of a cycle in which each waits for what only the next can give.
fn cycle(state: &mut State) -> Option<Vec<ThreadNumber>> {
    // The path on which a thread was first met; a second meeting on the same path is a cycle.
    let mut met = vec![usize::MAX; state.threads.len()];
    for first in 0..state.threads.len() {
        let mut path = Vec::new();
        let mut next = Some(first);
        while let Some(thread) = next.filter(|thread| met[*thread] == usize::MAX) {
            met[thread] = first;
            path.push(thread);
            next = debtor(state, thread);
        }
        if let Some(again) = next.filter(|thread| met[*thread] == first) {
            let start = path.iter().position(|thread| *thread == again)?;
            return Some(path.split_off(start));
        }
    }
    None
}

/// The one thread without which `thread` cannot go on.
fn debtor(state: &mut State, thread: ThreadNumber) -> Option<ThreadNumber> {
    if state.threads[thread].ended || state.threads[thread].timed {
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

fn record_of(state: &mut State, object: ObjectRef) -> &mut ObjectRecord {
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
            unwatched: matches!(wait, Wait::Other),
            tid: state.threads[*thread].tid,
            waits_for: {
                let timed = if state.threads[*thread].timed {
                    ", with a timeout"
                } else {
                    ""
                };
                waits_for(state, wait) + timed
            },
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
        format!("the {} made at {}", tag.kind, short(tag.made_at))
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
        Wait::Notify(condition) => {
            let what = described(condition);
            let news = match record_of(state, condition).notified {
                None => "; nobody has ever notified it".into(),
                // Who would have been woken is not known: the news is no help.
                Some((_, _, true)) => String::new(),
                Some(((thread, generation), place, false)) => {
                    let same = state.threads[thread].generation == generation;
                    let by = if same {
                        name_of(state, thread)
                    } else {
                        "another".into()
                    };
                    let at = short(place);
                    format!("; last notified by `{by}` at {at}, when nobody waited")
                }
            };
            format!("a notification at {what}{news}")
        }
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
            let told = names.len().min(8);
            let more = match names.len() - told {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let names = names[..told].join(", ");
            format!("the end of its scope's threads {names}{more}")
        }
        Wait::Receive(channel) => {
            let what = described(channel);
            let senders = record_of(state, channel).senders;
            let only = ends_of(state, channel, Side::Senders, Ends::only_in_words);
            let only = only.map_or(String::new(), |words| format!(", {words}"));
            let senders = some(senders, "sender");
            format!("a message of {what}, which is empty and has {senders}{only}")
        }
        Wait::Send(channel) => {
            let what = described(channel);
            let record = record_of(state, channel);
            let full = match record.capacity {
                Some(0) => "where nobody receives".to_owned(),
                _ => format!(
                    "which holds {}",
                    some(usize::try_from(record.messages).unwrap_or(0), "message")
                ),
            };
            let only = ends_of(state, channel, Side::Receivers, Ends::only_in_words);
            let only = only.map_or(String::new(), |words| format!("; its receiver: {words}"));
            format!("room in {what}, {full}{only}")
        }
        Wait::Unpark => "an unpark".into(),
        Wait::Time => "time to pass".into(),
        Wait::Other => "something that is not watched".into(),
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

fn some(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// The kernel's folder of this process's threads, open, where `/proc` is not there.
#[cfg(target_os = "linux")]
static TASKS: std::sync::OnceLock<std::fs::File> = std::sync::OnceLock::new();

/// How many threads the process has; `None` where the system does not say.
#[cfg(target_os = "linux")]
fn threads_of_the_process() -> Option<usize> {
    use std::os::unix::fs::MetadataExt;

    match TASKS.get() {
        // Like each folder it has two links and one more for each folder in it.
        Some(folder) => usize::try_from(folder.metadata().ok()?.nlink().checked_sub(2)?).ok(),
        None => Some(std::fs::read_dir("/proc/self/task").ok()?.count()),
    }
}

/// Counts the process's threads by `folder`, which is the process's `/proc/self/task`,
/// opened before `/proc` went away: a jail has none.
#[cfg(target_os = "linux")]
pub fn count_threads_by(folder: std::fs::File) {
    // The first is as good as the second.
    let _ = TASKS.set(folder);
}

#[cfg(not(target_os = "linux"))]
fn threads_of_the_process() -> Option<usize> {
    None
}
