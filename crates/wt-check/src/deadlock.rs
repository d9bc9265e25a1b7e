//! Finds threads that can never go on, long before a stall would show.
//!
//! The façade's record knows who waits for whom. Its answer counts when it comes
//! again and again while, says the kernel, none of the threads that it names has
//! run: then no wake-up was on its way.

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
/// Steps that repeat themselves must have done so for this long, twice at most.
const WHILE: Duration = Duration::from_secs(1);
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

/// How many steps the record had a while ago.
pub(crate) struct StepWatch {
    older: usize,
    newer: (Instant, usize),
}

impl StepWatch {
    pub(crate) fn new() -> Self {
        Self {
            older: 0,
            newer: (Instant::now(), 0),
        }
    }

    pub(crate) fn look(&mut self) {
        if self.newer.0.elapsed() > WHILE {
            self.older = self.newer.1;
            self.newer = (Instant::now(), record::step_count());
        }
    }

    /// What the threads have done again and again since then, if they did little else.
    pub(crate) fn repeated(&self, source: &str) -> Vec<String> {
        let steps = record::steps_since(self.older, 2 * REPEATED, source);
        let again = |(_, times): &(String, usize)| *times >= 3;
        if steps.len() > REPEATED || !steps.iter().all(again) {
            return Vec::new();
        }
        let mut sentences: Vec<String> = steps.into_iter().map(|(step, _)| step).collect();
        sentences.sort();
        sentences
    }
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
