//! The course's command line: parse, call `wt-grader`, print.

mod arguments;
mod command;
mod exit;
mod help;
mod terminal;

use std::process::ExitCode;

use arguments::Command;
use terminal::Terminal;

fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args_os().skip(1)) {
        Ok(arguments) => arguments,
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
    let terminal = Terminal::new(arguments.color);
    let result = match arguments.command {
        Command::Overview => command::overview::run(terminal),
        Command::Check(what) => command::check::run(&what, terminal),
        Command::List => command::list::run(terminal),
        Command::Example { lesson } => command::example::run(&lesson),
        Command::Hint { lesson, level } => command::hint::run(&lesson, level, terminal),
        Command::Reset { lesson } => command::reset::run(&lesson, terminal),
        Command::Verify(what) => command::verify::run(&what, terminal),
        Command::Help(topic) => help::run(topic.as_deref(), terminal),
        Command::Version => {
            terminal.print(concat!("cargo xtask ", env!("CARGO_PKG_VERSION"), "\n"));
            Ok(exit::PASSED)
        }
    };
    result.unwrap_or_else(|error| exit::of_error(&error)).into()
}
