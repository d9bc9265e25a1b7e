//! The words of `--help`, from the descriptions of the commands.

use std::fmt::Write;

use wt_grader::GradeError;

use crate::exit::{Exit, PASSED};
use crate::given::Given;
use crate::spec::{COMMANDS, GLOBAL, Group, Opt, Spec, Words, find};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "help",
    group: Group::Learner,
    words: Words::MaybeOne("COMMAND"),
    summary: "this text, or that of a command",
    about: "Prints all commands, or what one command does and how to use it.",
    options: &[],
    examples: &[("help", "all commands"), ("help check", "one command")],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    match given.word() {
        None => show(None, terminal),
        Some(name) => match find(name) {
            Some(spec) => show(Some(spec), terminal),
            None => {
                let names: Vec<&str> = COMMANDS.iter().map(|spec| spec.name).collect();
                return Err(GradeError::Usage(format!(
                    "there is no command `{name}`; there are {}",
                    names.join(", ")
                )));
            }
        },
    }
    Ok(PASSED)
}

/// Prints the help of a command, or of all.
pub(crate) fn show(spec: Option<&Spec>, terminal: Terminal) {
    terminal.print(&spec.map_or_else(|| all(terminal), |spec| one(spec, terminal)));
}

fn all(terminal: Terminal) -> String {
    let mut text = String::from(
        "cargo xtask: learn worker threads, one exercise at a time\n\n\
         USAGE\n    cargo xtask [COMMAND] [OPTIONS]\n\n    \
         Without a command it shows your progress and what to do next.\n",
    );
    for (group, title) in [
        (Group::Learner, "FOR LEARNERS"),
        (Group::Instructor, "FOR INSTRUCTORS"),
    ] {
        let _ = writeln!(text, "\n{title}");
        for spec in COMMANDS.iter().filter(|spec| spec.group == group) {
            let usage = format!("{}{}", spec.name, spec.words.usage());
            text.push_str(&terminal.hanging(&format!("    {usage:<21} "), spec.summary));
        }
    }
    text.push_str("\nOPTIONS\n");
    for option in GLOBAL {
        text.push_str(&line_of(option, terminal));
    }
    text.push_str(
        "\nA LESSON is a number, a name or a part of a name: 3, 03, bounded-queue, bounded.\n\
         \nEXIT CODES\n    \
         0    everything that was asked for holds\n    \
         1    your code fails (or, for verify, the course does)\n    \
         2    the command line asks for something that does not exist\n    \
         3    the grader itself broke; your code is not to blame\n    \
         130  stopped by Ctrl-C\n",
    );
    text
}

fn one(spec: &Spec, terminal: Terminal) -> String {
    let usage = format!("cargo xtask {}{}", spec.name, spec.words.usage());
    let mut text = terminal.hanging("", &format!("{usage}: {}", spec.summary));
    text.push('\n');
    for line in spec.about.lines() {
        text.push_str(&terminal.hanging("", line));
    }
    text.push_str("\nEXAMPLES\n");
    let width = spec.examples.iter().map(|(typed, _)| typed.len()).max();
    for (typed, means) in spec.examples {
        let head = format!("    cargo xtask {typed:<0$}   ", width.unwrap_or(0));
        text.push_str(&terminal.hanging(&head, means));
    }
    text.push_str("\nOPTIONS\n");
    for option in spec.options.iter().chain(GLOBAL) {
        text.push_str(&line_of(option, terminal));
    }
    text
}

fn line_of(option: &Opt, terminal: Terminal) -> String {
    let short = option
        .short
        .map_or_else(|| "    ".into(), |short| format!("-{short}, "));
    let usage = format!("{short}--{}{}", option.long, option.value.usage());
    if usage.len() > 23 {
        let about = terminal.hanging(&" ".repeat(28), option.about);
        return format!("    {usage}\n{about}");
    }
    terminal.hanging(&format!("    {usage:<23} "), option.about)
}
