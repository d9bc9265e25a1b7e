//! The course's command line: parse, call `wt-grader`, print.

mod command;
mod exit;
mod given;
mod help;
mod markdown;
mod spec;
mod terminal;

use std::process::ExitCode;

use terminal::{Color, Terminal};

fn main() -> ExitCode {
    let _guard = wt_grader::guard::Guard::start();
    let given = match given::parse(std::env::args_os().skip(1)) {
        Ok(given) => given,
        Err(problem) => {
            terminal::print_error(&format!(
                "{problem}\n       `cargo xtask help` shows what there is"
            ));
            return exit::USAGE.into();
        }
    };
    if let Err(error) = wt_grader::cancel::listen() {
        terminal::print_error(&format!("cannot listen for Ctrl-C: {error}"));
    }
    let terminal = Terminal::new(Color::called(given.value("color")), given.has("quiet"));
    if given.has("version") {
        terminal.print(concat!("cargo xtask ", env!("CARGO_PKG_VERSION"), "\n"));
        return exit::PASSED.into();
    }
    if given.has("help") {
        help::show(given.spec, terminal);
        return exit::PASSED.into();
    }
    let run = given
        .spec
        .map_or(command::overview::run as _, |spec| spec.run);
    run(&given, terminal)
        .unwrap_or_else(|error| exit::of_error(&error))
        .into()
}
