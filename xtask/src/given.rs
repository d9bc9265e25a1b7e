//! What was typed.

use std::ffi::OsString;

use lexopt::{Arg, ValueExt};

use crate::spec::{COMMANDS, Opt, Spec, Value, Words, all_options, find};

/// A parsed command line.
#[derive(Debug)]
pub(crate) struct Given {
    /// The command; none for the overview.
    pub(crate) spec: Option<&'static Spec>,
    /// The words after it.
    pub(crate) words: Vec<String>,
    options: Vec<(&'static str, String)>,
}

impl Given {
    /// The first word after the command.
    pub(crate) fn word(&self) -> Option<&str> {
        self.words.first().map(String::as_str)
    }

    /// Whether an option was given.
    pub(crate) fn has(&self, long: &str) -> bool {
        self.value(long).is_some()
    }

    /// The value of an option; the last one counts.
    pub(crate) fn value(&self, long: &str) -> Option<&str> {
        let found = self.options.iter().rfind(|(name, _)| *name == long);
        found.map(|(_, value)| value.as_str())
    }

    /// The value of an option whose [`Value`] is a number.
    pub(crate) fn number(&self, long: &str) -> Option<usize> {
        self.value(long)
            .map(|value| value.parse().expect("checked when it was read"))
    }
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Given, String> {
    let mut given =
        read(lexopt::Parser::from_args(arguments)).map_err(|error| error.to_string())?;
    if given.words.is_empty() {
        check_options(&given, "the overview", &[])?;
        return Ok(given);
    }
    let name = given.words.remove(0);
    let spec = find(&name).ok_or_else(|| unknown(&name))?;
    given.spec = Some(spec);
    if given.has("help") || given.has("version") {
        return Ok(given);
    }
    check_options(&given, spec.name, spec.options)?;
    if given.words.len() < spec.words.least() {
        return Err(format!(
            "`{name}` needs a{}, as in `cargo xtask {}`",
            spec.words.usage(),
            spec.examples[0].0
        ));
    }
    if let (Words::OneOf(what, choices), Some(word)) = (spec.words, given.word())
        && !choices.contains(&word)
    {
        let choices = choices.join(", ");
        return Err(format!("{what} is one of {choices}, not `{word}`"));
    }
    match given.words.get(spec.words.most()) {
        Some(word) => Err(format!("`{name}` does not know what to do with `{word}`")),
        None => Ok(given),
    }
}

fn read(mut parser: lexopt::Parser) -> Result<Given, lexopt::Error> {
    let mut given = Given {
        spec: None,
        words: Vec::new(),
        options: Vec::new(),
    };
    while let Some(argument) = parser.next()? {
        let known = match &argument {
            Arg::Value(word) => {
                given.words.push(word.to_string_lossy().into_owned());
                continue;
            }
            Arg::Short(c) => all_options().find(|option| option.short == Some(*c)),
            Arg::Long(name) => all_options().find(|option| option.long == *name),
        };
        let Some(option) = known else {
            return Err(argument.unexpected());
        };
        let value = match option.value {
            Value::Flag => String::new(),
            _ => parser.value()?.string()?,
        };
        given.options.push((option.long, value));
    }
    Ok(given)
}

/// An error for an option that the command does not have, or whose value is of
/// the wrong kind.
fn check_options(given: &Given, command: &str, options: &[Opt]) -> Result<(), String> {
    for (long, value) in &given.options {
        let mut known = options.iter().chain(crate::spec::GLOBAL);
        let Some(option) = known.find(|option| option.long == *long) else {
            return Err(format!("`{command}` has no option `--{long}`"));
        };
        match option.value {
            Value::Number if value.parse::<usize>().is_err() => {
                return Err(format!("`--{long}` needs a number, not `{value}`"));
            }
            Value::OneOf(words) if !words.contains(&value.as_str()) => {
                return Err(format!("`--{long}` is one of {}", words.join(", ")));
            }
            _ => {}
        }
    }
    Ok(())
}

fn unknown(word: &str) -> String {
    let likeness = |spec: &Spec| strsim::jaro(spec.name, word);
    let nearest = COMMANDS
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|near| likeness(near) > 0.7) {
        Some(near) => format!(
            "there is no command `{word}`; did you mean `{}`?",
            near.name
        ),
        None => format!("there is no command `{word}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Given, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn a_mistyped_command_gets_the_nearest() {
        assert_eq!(
            parsed("chek 03").unwrap_err(),
            "there is no command `chek`; did you mean `check`?"
        );
        assert_eq!(parsed("xyzzy").unwrap_err(), "there is no command `xyzzy`");
    }

    #[test]
    fn what_a_command_cannot_use_is_an_error() {
        assert_eq!(
            parsed("list --bless").unwrap_err(),
            "`list` has no option `--bless`"
        );
        assert_eq!(
            parsed("hint 03 04").unwrap_err(),
            "`hint` does not know what to do with `04`"
        );
        assert_eq!(
            parsed("hint").unwrap_err(),
            "`hint` needs a LESSON, as in `cargo xtask hint 03`"
        );
        assert_eq!(
            parsed("hint 03 --level two").unwrap_err(),
            "`--level` needs a number, not `two`"
        );
        assert_eq!(
            parsed("--color maybe").unwrap_err(),
            "`--color` is one of auto, always, never"
        );
    }

    #[test]
    fn options_may_stand_anywhere() {
        let given = parsed("-v check 03").unwrap();
        assert_eq!(given.spec.unwrap().name, "check");
        assert_eq!(given.word(), Some("03"));
        assert!(given.has("verbose"));
        assert_eq!(
            parsed("--level 2 hint 03").unwrap().number("level"),
            Some(2)
        );
    }
}
