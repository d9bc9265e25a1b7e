//! Where the state goes: to a screen, or line by line to a file or a pipe.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use crate::app::App;
use crate::screen::layout;
use crate::terminal::Terminal;
use crate::text::plain;

/// The way out to the person.
#[derive(Debug)]
pub(crate) enum View {
    /// A terminal; none while it is lent to an editor.
    Screen(Option<Terminal>),
    /// Anything else: each verdict is printed once, and no key is read.
    Plain(Printed),
}

/// What was printed already.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    verdicts: usize,
    aside: String,
}

impl View {
    /// A screen if there is a person at a terminal.
    ///
    /// # Errors
    ///
    /// The system's reason if the terminal cannot be taken.
    pub(crate) fn open() -> io::Result<Self> {
        let dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
        let person = io::stdin().is_terminal() && io::stdout().is_terminal();
        if person && !dumb {
            return Ok(Self::Screen(Some(Terminal::take()?)));
        }
        Ok(Self::Plain(Printed::default()))
    }

    pub(crate) fn is_screen(&self) -> bool {
        matches!(self, Self::Screen(_))
    }

    /// Whether the terminal is lent.
    pub(crate) fn is_lent(&self) -> bool {
        matches!(self, Self::Screen(None))
    }

    /// The columns that a text may have.
    pub(crate) fn columns(&self) -> usize {
        match self {
            Self::Screen(_) => Terminal::size().0,
            Self::Plain(_) => 80,
        }
    }

    /// Shows the state.
    ///
    /// # Errors
    ///
    /// The system's reason if nobody reads any more.
    pub(crate) fn show(&mut self, app: &mut App, color: bool) -> io::Result<()> {
        match self {
            Self::Screen(None) => Ok(()),
            Self::Screen(Some(terminal)) => {
                let (columns, lines) = Terminal::size();
                let layout = layout(&app.frame(Instant::now()), columns, lines, color);
                app.shown(layout.place);
                terminal.draw(layout.rows)
            }
            Self::Plain(printed) => printed.print(app),
        }
    }

    /// Draws everything again the next time.
    pub(crate) fn forget(&mut self) {
        if let Self::Screen(Some(terminal)) = self {
            terminal.forget();
        }
    }

    /// Gives the terminal to another program.
    pub(crate) fn lend(&mut self) {
        if let Self::Screen(terminal) = self {
            *terminal = None;
        }
    }

    /// Takes it back.
    ///
    /// # Errors
    ///
    /// The system's reason if the terminal cannot be taken.
    pub(crate) fn take_back(&mut self) -> io::Result<()> {
        if let Self::Screen(terminal @ None) = self {
            *terminal = Some(Terminal::take()?);
        }
        Ok(())
    }

    /// Leaves the last headline where the screen was.
    pub(crate) fn close(self, app: &App) {
        let is_screen = self.is_screen();
        drop(self);
        if let (true, (_, Some(verdict))) = (is_screen, app.verdict()) {
            let text = plain(&verdict.text);
            let state = |line: &&str| line.contains(": not yet (") || line.contains(": done (");
            if let Some(headline) = text.lines().find(state) {
                let _ = writeln!(io::stdout(), "{headline}");
            }
        }
    }
}

impl Printed {
    fn print(&mut self, app: &App) -> io::Result<()> {
        let aside = app.aside();
        if aside != self.aside {
            aside.clone_into(&mut self.aside);
            // The commands' own errors stand in the verdict.
            if !aside.is_empty() && !aside.starts_with("error:") && !aside.starts_with(' ') {
                let _ = writeln!(io::stderr(), "{aside}");
            }
        }
        let (verdicts, Some(verdict)) = app.verdict() else {
            return Ok(());
        };
        if verdicts == self.verdicts {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        if self.verdicts > 0 {
            writeln!(out)?;
        }
        self.verdicts = verdicts;
        out.write_all(verdict.text.as_bytes())?;
        out.flush()
    }
}
