//! What a command is: the one description that parsing, `--help` and the shells'
//! completions are made from.

use wt_grader::GradeError;

use crate::command;
use crate::exit::Exit;
use crate::given::Given;
use crate::terminal::Terminal;

/// One command of the command line.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    pub(crate) words: Words,
    /// One line, lower case, for the list of commands.
    pub(crate) summary: &'static str,
    /// What it does, as paragraphs.
    pub(crate) about: &'static str,
    pub(crate) options: &'static [Opt],
    /// What to type after `cargo xtask`, and what comes of it.
    pub(crate) examples: &'static [(&'static str, &'static str)],
    pub(crate) run: fn(&Given, Terminal) -> Result<Exit, GradeError>,
}

/// Whom a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Learner,
    Instructor,
}

/// The words that follow a command's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    /// None.
    Nothing,
    /// One lesson, or none.
    MaybeLesson,
    /// One lesson.
    Lesson,
    /// Any number of lessons.
    Lessons,
    /// One lesson, and a word; its name in the usage line.
    LessonAnd(&'static str),
    /// One word that is no lesson, such as a folder; its name in the usage line.
    One(&'static str),
    /// At most one word that is no lesson.
    MaybeOne(&'static str),
    /// One of these words; their common name in the usage line.
    OneOf(&'static str, &'static [&'static str]),
}

/// An option of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opt {
    pub(crate) short: Option<char>,
    pub(crate) long: &'static str,
    pub(crate) value: Value,
    pub(crate) about: &'static str,
}

/// What follows an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing.
    Flag,
    /// A number.
    Number,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Any text; its name in the usage line, such as `DIR` or `TIME`.
    Text(&'static str),
}

/// Every command, in the order of `--help`.
pub(crate) const COMMANDS: &[&Spec] = &[
    &command::check::SPEC,
    &command::watch::SPEC,
    &command::list::SPEC,
    &command::example::SPEC,
    &command::hint::SPEC,
    &command::reset::SPEC,
    &command::replay::SPEC,
    &command::solution::SPEC,
    &command::trace::SPEC,
    &command::bench::SPEC,
    &command::book::SPEC,
    &command::doctor::SPEC,
    &command::completions::SPEC,
    &command::verify::SPEC,
    &command::coverage::SPEC,
    &command::new::SPEC,
    &command::export::SPEC,
    &command::grade::SPEC,
    &crate::help::SPEC,
];

/// The options that every command has.
pub(crate) const GLOBAL: &[Opt] = &[
    Opt {
        short: None,
        long: "color",
        value: Value::OneOf(&["auto", "always", "never"]),
        about: "when to colour; `auto` means on a terminal, unless NO_COLOR is set",
    },
    Opt::flag(
        Some('q'),
        "quiet",
        "nothing but the answer; of `check`, one line",
    ),
    Opt::flag(Some('h'), "help", "this text, or that of a command"),
    Opt::flag(Some('V'), "version", "the version"),
];

impl Opt {
    pub(crate) const fn flag(short: Option<char>, long: &'static str, about: &'static str) -> Self {
        Self {
            short,
            long,
            value: Value::Flag,
            about,
        }
    }
}

impl Words {
    /// As in the usage line.
    pub(crate) fn usage(self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::MaybeLesson => " [LESSON]".into(),
            Self::Lesson => " LESSON".into(),
            Self::Lessons => " [LESSON...]".into(),
            Self::LessonAnd(name) => format!(" LESSON {name}"),
            Self::One(name) | Self::OneOf(name, _) => format!(" {name}"),
            Self::MaybeOne(name) => format!(" [{name}]"),
        }
    }

    pub(crate) fn least(self) -> usize {
        match self {
            Self::Lesson | Self::One(_) | Self::OneOf(..) => 1,
            Self::LessonAnd(_) => 2,
            _ => 0,
        }
    }

    pub(crate) fn most(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Lessons => usize::MAX,
            Self::LessonAnd(_) => 2,
            _ => 1,
        }
    }
}

impl Value {
    /// As in the usage line: ` N`, ` auto|always|never`.
    pub(crate) fn usage(self) -> String {
        match self {
            Self::Flag => String::new(),
            Self::Number => " N".into(),
            Self::OneOf(words) => format!(" {}", words.join("|")),
            Self::Text(name) => format!(" {name}"),
        }
    }
}

/// The command called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Spec> {
    COMMANDS.iter().copied().find(|spec| spec.name == name)
}

/// Every option of every command, the global ones too.
pub(crate) fn all_options() -> impl Iterator<Item = &'static Opt> {
    GLOBAL
        .iter()
        .chain(COMMANDS.iter().flat_map(|spec| spec.options))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So that an option may stand before its command.
    #[test]
    fn an_option_of_one_name_takes_the_same_kind_of_value_everywhere() {
        for one in all_options() {
            for other in all_options().filter(|other| other.long == one.long) {
                assert_eq!(one.short, other.short, "--{}", one.long);
                assert_eq!(
                    one.value == Value::Flag,
                    other.value == Value::Flag,
                    "--{}",
                    one.long
                );
            }
            for other in all_options().filter(|other| other.long != one.long) {
                assert!(
                    one.short.is_none() || one.short != other.short,
                    "--{} and --{}",
                    one.long,
                    other.long
                );
            }
        }
    }

    #[test]
    fn every_command_says_what_it_does_and_shows_how() {
        for spec in COMMANDS {
            assert!(!spec.about.is_empty(), "{}", spec.name);
            assert!(!spec.examples.is_empty(), "{}", spec.name);
            // What is longer would be broken in a terminal of the usual width.
            let long = spec.about.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None, "{}", spec.name);
            let own = |(example, _): &&(&str, &str)| example.starts_with(spec.name);
            assert!(
                spec.examples.iter().all(|example| own(&example)),
                "{}",
                spec.name
            );
        }
    }
}
