//! Checks an exercise whenever it is saved. `cargo xtask watch` builds this
//! program on its first use, because a learner who only checks need not wait for
//! what it needs; the course's commands it runs as programs of their own, so that
//! nothing an exercise does can harm it.
//!
//! | Module | Its noun |
//! | --- | --- |
//! | [`app`] | the state: what to do when something happens |
//! | [`event`] | what can happen |
//! | [`watcher`], [`files`] | saves, seen by events or by looking |
//! | [`keys`], [`signals`] | what a person asks for |
//! | [`job`], [`editor`] | programs that are started |
//! | [`view`], [`screen`], [`text`], [`terminal`] | what a person sees |
//! | [`lesson`], [`options`] | which lesson, and how |

#![forbid(unsafe_code)]

mod app;
mod editor;
mod event;
mod files;
mod job;
mod keys;
mod lesson;
mod options;
mod screen;
mod signals;
mod terminal;
mod text;
mod view;
mod watch;
mod watcher;

use std::io::Write;
use std::process::ExitCode;

/// The exit code of a wrong command line.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let options = match options::parse(std::env::args_os().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            print_error(&error.to_string());
            return USAGE.into();
        }
    };
    match watch::run(options) {
        Ok(code) => code.into(),
        Err(error) => {
            print_error(&format!("watch cannot go on: {error}"));
            app::FAULT.into()
        }
    }
}

/// The terminal may be gone, and that is no reason to panic.
fn print_error(text: &str) {
    let _ = writeln!(std::io::stderr(), "error: {text}");
}
