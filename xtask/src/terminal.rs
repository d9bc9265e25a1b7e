//! Where the text goes: its colours, its width, and what is progress.

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
    /// Columns; `None` if the text does not go to a terminal.
    pub(crate) width: Option<usize>,
    /// Whether places may be links (OSC 8).
    pub(crate) links: bool,
    /// Whether to say nothing but the answer.
    pub(crate) quiet: bool,
}

/// A narrower terminal is written to as if it were this wide.
const NARROWEST: usize = 40;

impl Terminal {
    pub(crate) fn new(color: Color, quiet: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let is_terminal = std::io::stdout().is_terminal();
        Self {
            color: match color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => !plain && is_terminal,
            },
            width: is_terminal.then(columns),
            links: is_terminal && supports_hyperlinks::supports_hyperlinks(),
            quiet,
        }
    }

    /// Prints `text` as it is. A closed pipe, as in `| head`, is no error.
    pub(crate) fn print(self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Prints a line that is not part of the answer, such as progress.
    pub(crate) fn tell(self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// Shows how far a long command is, on one line that the next call replaces;
    /// the last call clears it. Only on a terminal.
    pub(crate) fn show_progress(self, done: usize, all: usize, what: &str) {
        let err = std::io::stderr();
        if self.quiet || !err.is_terminal() {
            return;
        }
        let line = if done < all {
            format!("{} {done} of {all}  {what}", bar(done, all, 24))
        } else {
            String::new()
        };
        let line: String = line.chars().take(self.width.unwrap_or(80) - 1).collect();
        let _ = write!(err.lock(), "\r\u{1b}[K{line}");
    }

    /// Cuts a line that is too long for the terminal.
    pub(crate) fn cut(self, line: &str) -> String {
        match self.width {
            Some(width) if line.chars().count() > width => {
                let kept: String = line.chars().take(width.saturating_sub(3)).collect();
                format!("{}...", kept.trim_end())
            }
            _ => line.to_owned(),
        }
    }

    /// `head` and `text`, whose further lines go below its first.
    pub(crate) fn hanging(self, head: &str, text: &str) -> String {
        let margin = head.chars().count();
        let room = self
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(margin));
        let lines = wt_grader::report::wrapped(text, room);
        format!("{head}{}\n", lines.join(&format!("\n{:margin$}", "")))
    }

    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

pub(crate) const GREEN: &str = "32";
pub(crate) const YELLOW: &str = "33";
pub(crate) const BOLD: &str = "1";

/// `[######----]`, `width` characters between the brackets.
pub(crate) fn bar(done: usize, all: usize, width: usize) -> String {
    let filled = (done * width).checked_div(all).unwrap_or(0);
    format!("[{}{}]", "#".repeat(filled), "-".repeat(width - filled))
}

/// The width of the terminal on stdout, or of the usual one.
fn columns() -> usize {
    let typed = std::env::var("COLUMNS").ok();
    let width = typed
        .and_then(|text| text.parse().ok())
        .or_else(asked_columns);
    width.unwrap_or(80).max(NARROWEST)
}

#[cfg(unix)]
fn asked_columns() -> Option<usize> {
    let mut size = libc::winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: TIOCGWINSZ writes one `winsize` to the address it is given, which is that of a live
    // one; on a descriptor that is no terminal it writes nothing and says so.
    let answer = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    (answer == 0 && size.ws_col > 0).then_some(size.ws_col.into())
}

#[cfg(not(unix))]
fn asked_columns() -> Option<usize> {
    None
}

/// Prints `error: text` to stderr.
pub(crate) fn print_error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "error: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_work_is_done() {
        assert_eq!(bar(0, 3, 6), "[------]");
        assert_eq!(bar(2, 3, 6), "[####--]");
        assert_eq!(bar(3, 3, 6), "[######]");
        assert_eq!(bar(0, 0, 2), "[--]");
    }
}
