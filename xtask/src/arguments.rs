//! What was typed.

use std::ffi::OsString;

use lexopt::prelude::*;

use crate::terminal::Color;

/// A parsed command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) command: Command,
    pub(crate) color: Color,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Overview,
    Check(Check),
    List,
    Example {
        lesson: String,
    },
    Hint {
        lesson: String,
        level: Option<usize>,
    },
    Reset {
        lesson: String,
    },
    Verify(Verify),
    Help(Option<String>),
    Version,
}

/// What `check` is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Check {
    pub(crate) lesson: Option<String>,
    /// Every lesson, not only up to the first that fails.
    pub(crate) all: bool,
    /// Explain every property that does not hold.
    pub(crate) verbose: bool,
}

/// What `verify` is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Verify {
    pub(crate) lessons: Vec<String>,
    pub(crate) bless: bool,
    pub(crate) snapshots: bool,
    pub(crate) jobs: Option<usize>,
    pub(crate) runs: Option<usize>,
}

/// Every command, for help and for the nearest to a mistyped one.
pub(crate) const COMMANDS: [&str; 7] = [
    "check", "list", "example", "hint", "reset", "verify", "help",
];

/// The parts of a command line, before they are put together.
#[derive(Default)]
struct Typed {
    words: Vec<String>,
    color: Color,
    help: bool,
    version: bool,
    all: bool,
    verbose: bool,
    bless: bool,
    snapshots: bool,
    level: Option<usize>,
    jobs: Option<usize>,
    runs: Option<usize>,
    /// The options that were given, for the error when a command has no use for one.
    given: Vec<&'static str>,
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Arguments, String> {
    let typed = read(lexopt::Parser::from_args(arguments)).map_err(|error| error.to_string())?;
    let color = typed.color;
    Ok(Arguments {
        command: typed.command()?,
        color,
    })
}

fn read(mut parser: lexopt::Parser) -> Result<Typed, lexopt::Error> {
    let mut typed = Typed::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(word) => typed.words.push(word.to_string_lossy().into_owned()),
            Short('h') | Long("help") => typed.help = true,
            Short('V') | Long("version") => typed.version = true,
            Long("color") => typed.color = color(&parser.value()?.string()?)?,
            Long("all") => {
                typed.all = true;
                typed.given.push("--all");
            }
            Short('v') | Long("verbose") => {
                typed.verbose = true;
                typed.given.push("--verbose");
            }
            Long("bless") => {
                typed.bless = true;
                typed.given.push("--bless");
            }
            Long("snapshots") => {
                typed.snapshots = true;
                typed.given.push("--snapshots");
            }
            Long("level") => {
                typed.level = Some(parser.value()?.parse()?);
                typed.given.push("--level");
            }
            Short('j') | Long("jobs") => {
                typed.jobs = Some(parser.value()?.parse()?);
                typed.given.push("--jobs");
            }
            Long("runs") => {
                typed.runs = Some(parser.value()?.parse()?);
                typed.given.push("--runs");
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(typed)
}

fn color(word: &str) -> Result<Color, lexopt::Error> {
    match word {
        "auto" => Ok(Color::Auto),
        "always" => Ok(Color::Always),
        "never" => Ok(Color::Never),
        _ => Err("`--color` is auto, always or never".into()),
    }
}

impl Typed {
    fn command(self) -> Result<Command, String> {
        let mut words = self.words.clone().into_iter();
        let first = words.next();
        if self.version {
            return Ok(Command::Version);
        }
        if self.help {
            return Ok(Command::Help(first));
        }
        match first.as_deref() {
            None => {
                self.only("the overview", &[], words)?;
                Ok(Command::Overview)
            }
            Some("check") => {
                let lesson = words.next();
                self.only("check", &["--all", "--verbose"], words)?;
                if self.all && lesson.is_some() {
                    return Err("give a lesson or `--all`, not both".into());
                }
                Ok(Command::Check(Check {
                    lesson,
                    all: self.all,
                    verbose: self.verbose,
                }))
            }
            Some("list") => {
                self.only("list", &[], words)?;
                Ok(Command::List)
            }
            Some("example") => {
                let lesson = words
                    .next()
                    .ok_or("which lesson? as in `cargo xtask example 03`")?;
                self.only("example", &[], words)?;
                Ok(Command::Example { lesson })
            }
            Some("hint") => {
                let lesson = words
                    .next()
                    .ok_or("which lesson? as in `cargo xtask hint 03`")?;
                self.only("hint", &["--level"], words)?;
                Ok(Command::Hint {
                    lesson,
                    level: self.level,
                })
            }
            Some("reset") => {
                let lesson = words
                    .next()
                    .ok_or("which lesson? as in `cargo xtask reset 03`")?;
                self.only("reset", &[], words)?;
                Ok(Command::Reset { lesson })
            }
            Some("verify") => {
                self.only(
                    "verify",
                    &["--bless", "--snapshots", "--jobs", "--runs"],
                    std::iter::empty(),
                )?;
                let Self {
                    bless,
                    snapshots,
                    jobs,
                    runs,
                    ..
                } = self;
                Ok(Command::Verify(Verify {
                    lessons: words.collect(),
                    bless,
                    snapshots,
                    jobs,
                    runs,
                }))
            }
            Some("help") => Ok(Command::Help(words.next())),
            Some(other) => Err(unknown(other)),
        }
    }

    /// An error for an option or a word that the command has no use for.
    fn only(
        &self,
        command: &str,
        options: &[&str],
        mut words: impl Iterator<Item = String>,
    ) -> Result<(), String> {
        if let Some(option) = self.given.iter().find(|option| !options.contains(option)) {
            return Err(format!("`{command}` has no option `{option}`"));
        }
        match words.next() {
            Some(word) => Err(format!(
                "`{command}` does not know what to do with `{word}`"
            )),
            None => Ok(()),
        }
    }
}

fn unknown(word: &str) -> String {
    let nearest = COMMANDS
        .iter()
        .max_by(|a, b| strsim::jaro(a, word).total_cmp(&strsim::jaro(b, word)));
    match nearest.filter(|near| strsim::jaro(near, word) > 0.7) {
        Some(near) => format!("there is no command `{word}`; did you mean `{near}`?"),
        None => format!("there is no command `{word}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from)).map(|arguments| arguments.command)
    }

    #[test]
    fn a_mistyped_command_gets_the_nearest() {
        assert_eq!(
            parsed("chek 03"),
            Err("there is no command `chek`; did you mean `check`?".into())
        );
        assert_eq!(parsed("xyzzy"), Err("there is no command `xyzzy`".into()));
    }

    #[test]
    fn what_a_command_cannot_use_is_an_error() {
        assert_eq!(
            parsed("list --bless"),
            Err("`list` has no option `--bless`".into())
        );
        assert_eq!(
            parsed("hint 03 04"),
            Err("`hint` does not know what to do with `04`".into())
        );
        assert!(parsed("check 03 --all").is_err());
        assert!(parsed("hint").is_err());
    }

    #[test]
    fn options_may_stand_anywhere() {
        let check = Check {
            lesson: Some("03".into()),
            all: false,
            verbose: true,
        };
        assert_eq!(parsed("-v check 03"), Ok(Command::Check(check)));
        assert_eq!(
            parsed("check --help"),
            Ok(Command::Help(Some("check".into())))
        );
    }
}
