//! The terminal: taken, drawn on, lent to an editor, and always given back.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap,
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{execute, queue};

/// Whether the terminal is in our hands: at most one is, and a panic anywhere
/// gives it back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, while it is ours. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// What is on it.
    rows: Vec<String>,
}

impl Terminal {
    /// Takes the terminal: every key comes at once, and the screen is another
    /// one, so that what was on it comes back in the end.
    ///
    /// # Errors
    ///
    /// The system's reason if stdin or stdout is no terminal.
    pub(crate) fn take() -> io::Result<Self> {
        let terminal = Self { rows: Vec::new() };
        // Before the first step, so that a failure half-way gives back, too.
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, Hide, DisableLineWrap)?;
        Ok(terminal)
    }

    /// Columns and lines. A terminal that nobody has told its size says 0.
    pub(crate) fn size() -> (usize, usize) {
        match size() {
            Ok((columns @ 1.., lines @ 1..)) => (columns.into(), lines.into()),
            _ => (80, 24),
        }
    }

    /// Draws the rows that differ from those on the screen.
    pub(crate) fn draw(&mut self, rows: Vec<String>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        queue!(out, BeginSynchronizedUpdate)?;
        if rows.len() != self.rows.len() {
            self.rows.clear();
            queue!(out, Clear(ClearType::All))?;
        }
        for (n, row) in rows.iter().enumerate() {
            if self.rows.get(n) != Some(row) {
                let line = u16::try_from(n).unwrap_or(u16::MAX);
                queue!(
                    out,
                    MoveTo(0, line),
                    Clear(ClearType::CurrentLine),
                    Print(row)
                )?;
            }
        }
        queue!(out, EndSynchronizedUpdate)?;
        self.rows = rows;
        out.flush()
    }

    /// Nothing that is on the screen can be relied on, as after a new size.
    pub(crate) fn forget(&mut self) {
        self.rows.clear();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back if it is in our hands. What cannot be written any more
/// does not matter: then the terminal is gone.
pub(crate) fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), EnableLineWrap, Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

/// From now on a panic gives the terminal back before it says anything.
pub(crate) fn give_back_on_panic() {
    let say = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        say(panic);
    }));
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read;

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    use super::*;

    /// The other half of the test below, run by it in a terminal.
    #[test]
    #[ignore = "takes the terminal that it runs in"]
    fn panics_with_the_terminal_in_its_hands() {
        give_back_on_panic();
        let mut terminal = Terminal::take().unwrap();
        terminal.draw(vec!["drawn".into()]).unwrap();
        panic!("a mistake in watch");
    }

    #[test]
    fn a_panic_leaves_the_terminal_as_it_was_and_its_words_in_sight() {
        let terminal = native_pty_system().openpty(PtySize::default()).unwrap();
        let this = std::env::current_exe().unwrap();
        let half = "terminal::tests::panics_with_the_terminal_in_its_hands";
        let script = format!(
            "stty -a; '{}' --ignored --exact {half} --nocapture; echo; stty -a",
            this.display()
        );
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", &script]);
        let mut child = terminal.slave.spawn_command(command).unwrap();
        // Otherwise the output would not end with the shell.
        drop(terminal.slave);
        let mut bytes = Vec::new();
        let mut output = terminal.master.try_clone_reader().unwrap();
        let _ = output.read_to_end(&mut bytes);
        child.wait().unwrap();

        let text = String::from_utf8_lossy(&bytes);
        let settings: Vec<&str> = text.split("speed ").skip(1).collect();
        let [before, after] = settings[..] else {
            panic!("two times the settings: {text}");
        };
        assert_eq!(before.lines().next(), after.lines().next());
        for word in ["icanon", "echo", "isig"] {
            let is_on = |half: &str| half.split_whitespace().any(|own| own == word);
            assert!(is_on(after), "{word} is off: {text}");
        }
        let left = text.find("\u{1b}[?1049l").expect("the old screen is back");
        assert!(
            text.find("\u{1b}[?25h")
                .is_some_and(|shown| shown < left + 20),
            "{text}"
        );
        assert!(
            text.find("a mistake in watch")
                .is_some_and(|said| said > left),
            "{text}"
        );
    }
}
