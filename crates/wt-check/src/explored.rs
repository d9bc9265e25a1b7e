//! A check under thousands of schedules, or under one of them again.

use std::panic::panic_any;

use wt_sync::explore::{
    Explored, Failure, How, LiveThread, Options, ScheduleNumber, ToldStep, explore, replay,
};

use crate::check::{Check, Exploration, Search};
use crate::harness::{Verdict, judge};
use crate::panics;
use crate::request::Request;
use crate::transcript;

/// How many of the last steps belong to the report of a check.
const STEPS: usize = 12;
/// The share of the limit that the search may take, in per cent: what it has found
/// must still be told.
const SEARCH: u32 = 70;

/// Explores the check, or runs the one schedule that the request names. `None` if the
/// check is not one to explore.
///
/// A search is quiet: of the schedule that goes wrong it tells no more than how. Who
/// wants to know more asks another process for that schedule, in which no execution has
/// been before it.
pub(crate) fn run(check: &Check, request: &Request) -> Option<Verdict> {
    let options = options(check.explored?, request);
    if let Some(schedule) = parse(&request.schedule) {
        return Some(one(check, options, schedule, request));
    }
    let f = check.run;
    let explored = panics::quietly(move || explore(&options, f));
    let explored = explored.unwrap_or_else(|payload| std::panic::resume_unwind(payload));
    tell_count(&explored);
    Some(match explored.failure {
        None => passed(),
        Some(failure) => {
            tell_schedule(failure.schedule);
            failed(check, failure, request)
        }
    })
}

fn options(exploration: Exploration, request: &Request) -> Options {
    let mut options = Options::default();
    options.schedules = exploration.schedules;
    options.steps = exploration.steps;
    options.search = match exploration.search {
        Search::Mixed => wt_sync::explore::Search::Mixed,
        Search::Patient => wt_sync::explore::Search::Patient,
        Search::Depth => wt_sync::explore::Search::Depth,
    };
    options.seed = request.seed;
    options.patience = Some(request.limit * SEARCH / 100);
    options
}

fn tell_count(explored: &Explored) {
    let complete = if explored.complete { "complete" } else { "" };
    transcript::line(&[
        "explored",
        &explored.tried.to_string(),
        &explored.distinct.to_string(),
        complete,
    ]);
}

/// `m12` or `d12`.
fn parse(text: &str) -> Option<ScheduleNumber> {
    let (in_depth, number) = match text.split_at_checked(1)? {
        ("m", number) => (false, number),
        ("d", number) => (true, number),
        _ => return None,
    };
    let number = number.parse().ok()?;
    Some(ScheduleNumber { in_depth, number })
}

fn tell_schedule(schedule: ScheduleNumber) {
    let letter = if schedule.in_depth { 'd' } else { 'm' };
    transcript::line(&["schedule", &format!("{letter}{}", schedule.number)]);
}

/// Runs one schedule aloud: its panics are noted, and all of its steps are told.
fn one(
    check: &Check,
    mut options: Options,
    schedule: ScheduleNumber,
    request: &Request,
) -> Verdict {
    tell_schedule(schedule);
    // The way to a schedule of a search in depth was walked before.
    options.patience = None;
    let replayed = replay(&options, schedule, check.run);
    match replayed.failure {
        Some(failure) => failed(check, failure, request),
        None => {
            tell_story(&replayed.steps);
            passed()
        }
    }
}

fn failed(check: &Check, failure: Failure, request: &Request) -> Verdict {
    tell_story(&failure.steps);
    tell_last(&failure.steps, &request.source);
    let what = match failure.how {
        How::Panicked(payload) => return judge(Err(payload), check.file),
        How::Deadlock => Verdict {
            word: "deadlock",
            what: "every thread waits, and none is left to wake another".into(),
            file: String::new(),
            line: 0,
        },
        _ => Verdict {
            word: "hung",
            what: livelock(&failure.threads),
            file: String::new(),
            line: 0,
        },
    };
    // Who runs before who waits, and the check's own thread last: the first one is where
    // a reader looks.
    let mut threads = failure.threads;
    threads.sort_by_key(|thread| (thread.waits_for.is_some(), thread.name == "main"));
    threads.iter().for_each(tell_thread);
    what
}

fn livelock(threads: &[LiveThread]) -> String {
    let running: Vec<String> = (threads.iter())
        .filter(|thread| thread.waits_for.is_none())
        .map(|thread| format!("`{}`", thread.name))
        .collect();
    let who = match running.len() {
        1 => format!("{} still runs", running[0]),
        _ => format!("{} still run", running.join(", ")),
    };
    format!("it goes on and on and comes to no end: {who}")
}

fn tell_thread(thread: &LiveThread) {
    let state = match thread.waits_for {
        Some(_) => "asleep",
        None => "running",
    };
    let waits_for = thread.waits_for.as_deref().unwrap_or_default();
    transcript::line(&["thread", &thread.name, state, waits_for]);
    transcript::line(&["frame", "", thread.file, &thread.line.to_string()]);
}

fn tell_story(steps: &[ToldStep]) {
    for step in steps {
        let line = step.line.to_string();
        transcript::line(&["story", &step.thread, &step.what, step.file, &line]);
    }
}

/// The last steps in the checked code, as sentences.
fn tell_last(steps: &[ToldStep], source: &str) {
    let own = |step: &&ToldStep| step.file.starts_with(source);
    let mut last: Vec<&ToldStep> = steps.iter().rev().filter(own).take(STEPS).collect();
    last.reverse();
    for step in last {
        let ToldStep {
            thread, what, line, ..
        } = step;
        transcript::line(&["step", &format!("`{thread}` {what}, line {line}")]);
    }
}

fn passed() -> Verdict {
    Verdict {
        word: "pass",
        what: String::new(),
        file: String::new(),
        line: 0,
    }
}

/// Refuses what would stop every thread of an exploration.
#[track_caller]
pub(crate) fn refuse(what: &'static str) {
    if wt_sync::explore::is_running() {
        panic_any(format!(
            "{what} works with the system's threads; a check made by `explore!` uses the façade's \
             (`wt_core::thread`), and needs no deadline: a deadlock is found by itself"
        ));
    }
}
