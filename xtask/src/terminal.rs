//! Where the text goes, and whether it is coloured.

use std::io::{IsTerminal, Write};

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Color {
    /// When stdout is a terminal and NO_COLOR is not set.
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// The value of `--color`.
    pub(crate) fn called(word: Option<&str>) -> Self {
        match word {
            Some("always") => Self::Always,
            Some("never") => Self::Never,
            _ => Self::Auto,
        }
    }
}

/// The way out to the person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    pub(crate) color: bool,
}

impl Terminal {
    pub(crate) fn new(color: Color) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !plain && std::io::stdout().is_terminal(),
        };
        Self { color }
    }

    /// Prints `text` as it is. A closed pipe, as in `| head`, is no error.
    pub(crate) fn print(self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Prints a line that is not part of the answer, such as progress.
    pub(crate) fn tell(self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

/// Prints `error: text` to stderr.
pub(crate) fn print_error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {text}");
}
