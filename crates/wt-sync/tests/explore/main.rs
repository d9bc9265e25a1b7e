//! The façade's explored mode: it behaves as std and crossbeam-channel do, under every
//! schedule that is tried, and finds what is wrong with a program.
#![cfg(not(miri))]

mod channels;
mod faults;
mod locks;
mod quizzes;
mod threads;
mod timed;

use wt_sync::explore::{Explored, Failure, How, Options, Search, explore};

/// Runs `f` under many schedules, of every kind, and expects no fault.
fn holds(f: impl Fn() + Send + Sync + Copy + 'static) {
    for (search, schedules) in [(Search::Mixed, 400), (Search::Depth, 400)] {
        let mut options = Options::default();
        options.search = search;
        options.schedules = schedules;
        let explored = explore(&options, f);
        if let Some(failure) = explored.failure {
            panic!("{search:?}: {}", story(&failure));
        }
    }
}

/// Runs `f` under every schedule there is.
fn holds_always(f: impl Fn() + Send + Sync + 'static) -> Explored {
    let mut options = Options::default();
    options.search = Search::Depth;
    options.schedules = 2_000_000;
    let explored = explore(&options, f);
    if let Some(failure) = &explored.failure {
        panic!("{}", story(failure));
    }
    assert!(explored.complete, "there are more than 2,000,000 schedules");
    explored
}

/// Runs `f` until a schedule goes wrong.
fn fault(f: impl Fn() + Send + Sync + 'static) -> Failure {
    let mut options = Options::default();
    options.shorten = 20;
    let explored = explore(&options, f);
    explored.failure.expect("a schedule goes wrong")
}

/// What happened, to be read.
fn story(failure: &Failure) -> String {
    let mut text = match &failure.how {
        How::Panicked(payload) => match payload.downcast_ref::<String>() {
            Some(message) => format!("panicked: {message}\n"),
            None => format!("panicked: {:?}\n", payload.downcast_ref::<&str>()),
        },
        how => format!("{how:?}\n"),
    };
    for thread in &failure.threads {
        text += &format!("{thread:?}\n");
    }
    for step in &failure.steps {
        text += &format!(
            "{} {} ({}:{})\n",
            step.thread, step.what, step.file, step.line
        );
    }
    text
}
