//! Finds threads that can never go on, long before a stall would show.
//!
//! The façade's record knows who waits for whom. Its answer counts when it comes
//! again and again while, says the kernel, none of the threads that it names has
//! run: then no wake-up was on its way.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use wt_sync::record::{self, Stuck};

use crate::stacks::{self, Frame, ThreadStack};
use crate::tasks::{self, Task, Tid};
use crate::transcript;

/// How often to look.
pub(crate) const TICK: Duration = Duration::from_millis(15);
/// How often the same answer must have come.
const LOOKS: u32 = 3;
/// How many of the last steps are told.
const STEPS: usize = 20;
/// How long to look for steps that repeat themselves.
const WATCHED: Duration = Duration::from_millis(40);
/// How many different steps a livelock has at most.
const REPEATED: usize = 12;
/// How many threads are told one by one.
const THREADS: usize = 64;
/// The time to ask threads for their stacks when the record has no line of theirs.
const ASKING: Duration = Duration::from_millis(200);

#[derive(Default)]
pub(crate) struct DeadlockWatch {
    last: Option<(Stuck, Vec<Task>)>,
    looks: u32,
}

impl DeadlockWatch {
    /// Looks once, and returns who is stuck for good, if that is sure.
    pub(crate) fn look(&mut self) -> Option<Stuck> {
        let now = record::look().and_then(|stuck| {
            let tasks: Option<Vec<Task>> = stuck.threads.iter().map(asleep).collect();
            Some((stuck, tasks?))
        });
        self.looks = match (&now, &self.last) {
            (Some(now), Some(last)) if now == last => self.looks + 1,
            (Some(_), _) => 1,
            (None, _) => 0,
        };
        self.last = now;
        let (stuck, _) = self.last.as_ref().filter(|_| self.looks >= LOOKS)?;
        Some(stuck.clone())
    }
}

fn asleep(thread: &record::StuckThread) -> Option<Task> {
    let task = tasks::task(Tid::try_from(thread.tid).ok()?)?;
    task.asleep.then_some(task)
}

/// Writes down who waits for what, and how it came to that.
pub(crate) fn tell(stuck: &Stuck, source: &str) {
    let outside = |thread: &&record::StuckThread| !thread.file.starts_with(source);
    let stacks = if stuck.threads.iter().any(|thread| outside(&thread)) {
        stacks::capture_all(ASKING)
    } else {
        Vec::new()
    };
    for thread in stuck.threads.iter().take(THREADS) {
        tell_thread(thread, &stacks, source);
    }
    if stuck.threads.len() > THREADS {
        let more = stuck.threads.len() - THREADS;
        transcript::line(&["note", &format!("{more} more threads wait")]);
    }
    for step in record::steps(STEPS, stuck, source) {
        transcript::line(&["step", &step]);
    }
}

/// Writes down which locks were found poisoned, and by whose panic.
pub(crate) fn tell_poison(source: &str) {
    for sentence in record::poisoned(source) {
        transcript::line(&["note", &sentence]);
    }
}

/// Whether the calling record knows what the thread waits for.
pub(crate) fn knows(tid: Tid) -> bool {
    let same = |thread: &record::StuckThread| Tid::try_from(thread.tid) == Ok(tid);
    record::who_waits().iter().any(same)
}

/// What the threads do again and again, if they do little else. Looks for
/// [`WATCHED`].
pub(crate) fn repeated(source: &str) -> Vec<String> {
    let end = Instant::now() + WATCHED;
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut since = record::step_count();
    while Instant::now() < end {
        thread::sleep(WATCHED / 4);
        for (step, count) in record::steps_since(since, 2 * REPEATED, source) {
            *times.entry(step).or_default() += count;
        }
        since = record::step_count();
    }
    if times.len() > REPEATED || times.values().any(|times| *times < 3) {
        return Vec::new();
    }
    times.into_keys().collect()
}

/// Writes down every thread that waits on a line of `source`, and returns them.
pub(crate) fn tell_who_waits(source: &str) -> Vec<Tid> {
    let mut told = Vec::new();
    for thread in record::who_waits() {
        if thread.file.starts_with(source) {
            tell_thread(&thread, &[], source);
            told.extend(Tid::try_from(thread.tid));
        }
    }
    told
}

fn tell_thread(thread: &record::StuckThread, stacks: &[ThreadStack], source: &str) {
    transcript::line(&["thread", &thread.name, "asleep", &thread.waits_for]);
    let own_line = Frame {
        function: String::new(),
        file: thread.file.to_owned(),
        line: thread.line,
    };
    let mut frames = vec![own_line];
    if !thread.file.starts_with(source) {
        frames.extend(stack_of(thread, stacks, source));
    }
    for frame in &frames {
        transcript::line(&[
            "frame",
            &frame.function,
            &frame.file,
            &frame.line.to_string(),
        ]);
    }
}

fn stack_of(thread: &record::StuckThread, stacks: &[ThreadStack], source: &str) -> Vec<Frame> {
    let stack = stacks
        .iter()
        .find(|stack| Tid::try_from(thread.tid) == Ok(stack.task.tid));
    stack.map_or_else(Vec::new, |stack| stack.frames(source))
}
