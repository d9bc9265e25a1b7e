//! The keys: what is pressed, and what the line at the bottom says.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossterm::event::{self as input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::event::{self, Event};

/// A key that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character, in lower case.
    Char(char),
    Escape,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-Z.
    Suspend,
}

/// What the line at the bottom says, in its order.
pub(crate) const HELP: &[(&str, &str)] = &[
    ("h", "hint"),
    ("n", "next"),
    ("l", "list"),
    ("r", "run again"),
    ("x", "reset"),
    ("o", "open"),
    ("q", "quit"),
];
/// The same while something else than the verdict is shown.
pub(crate) const HELP_ON_A_PAGE: &[(&str, &str)] = &[
    ("v", "verdict"),
    ("h", "hint"),
    ("n", "next"),
    ("l", "list"),
    ("r", "run again"),
    ("x", "reset"),
    ("o", "open"),
    ("q", "quit"),
];

impl Key {
    fn of(event: KeyEvent) -> Option<Self> {
        // Some systems tell when a key comes up, too.
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        Some(match event.code {
            KeyCode::Char('c') if control => Self::Interrupt,
            KeyCode::Char('z') if control => Self::Suspend,
            KeyCode::Char(_) if control => return None,
            KeyCode::Char(' ') => Self::PageDown,
            KeyCode::Char(c) => Self::Char(c.to_ascii_lowercase()),
            KeyCode::Esc => Self::Escape,
            KeyCode::Up => Self::Up,
            KeyCode::Down => Self::Down,
            KeyCode::PageUp => Self::PageUp,
            KeyCode::PageDown => Self::PageDown,
            KeyCode::Home => Self::Home,
            KeyCode::End => Self::End,
            _ => return None,
        })
    }
}

/// How long one wait for a key lasts: an editor that needs the keys waits for it.
const PATIENCE: Duration = Duration::from_millis(50);

/// Reads the keys, in a thread of its own, unless they are lent to an editor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keyboard {
    lent: Arc<AtomicBool>,
    reading: Arc<Mutex<()>>,
}

impl Keyboard {
    /// Sends every key and every change of the terminal's size.
    pub(crate) fn start(&self, events: Sender<Event>) -> std::io::Result<()> {
        let keyboard = self.clone();
        event::spawn("keys", events, move |events| {
            loop {
                match keyboard.next() {
                    Ok(None) => {}
                    Ok(Some(event)) => {
                        if events.send(event).is_err() {
                            return;
                        }
                    }
                    // The terminal is gone.
                    Err(_) => {
                        let _ = events.send(Event::Stop(false));
                        return;
                    }
                }
            }
        })
    }

    /// Stops reading. Blocks until the read in progress is over, at most
    /// [`PATIENCE`]; after that no key of the editor is taken away.
    pub(crate) fn lend(&self) {
        self.lent.store(true, Ordering::SeqCst);
        drop(self.hold());
    }

    /// Reads again.
    pub(crate) fn take_back(&self) {
        self.lent.store(false, Ordering::SeqCst);
    }

    fn hold(&self) -> MutexGuard<'_, ()> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> std::io::Result<Option<Event>> {
        {
            let _reading = self.hold();
            // Asked under the lock: who lends sets it first and locks then.
            if !self.lent.load(Ordering::SeqCst) {
                if !input::poll(PATIENCE)? {
                    return Ok(None);
                }
                return Ok(match input::read()? {
                    input::Event::Key(key) => Key::of(key).map(Event::Key),
                    input::Event::Resize(..) => Some(Event::Resized),
                    _ => None,
                });
            }
        }
        std::thread::sleep(PATIENCE);
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_c_is_a_key_and_c_another() {
        let c = KeyCode::Char('c');
        let of = |code, modifiers| Key::of(KeyEvent::new(code, modifiers));
        assert_eq!(of(c, KeyModifiers::CONTROL), Some(Key::Interrupt));
        assert_eq!(of(c, KeyModifiers::NONE), Some(Key::Char('c')));
        assert_eq!(
            of(KeyCode::Char('Q'), KeyModifiers::SHIFT),
            Some(Key::Char('q'))
        );
        assert_eq!(of(KeyCode::Char('x'), KeyModifiers::CONTROL), None);
    }

    #[test]
    fn a_key_that_comes_up_is_no_second_press() {
        let mut event = KeyEvent::new(KeyCode::Char('n'), KeyModifiers::NONE);
        event.kind = KeyEventKind::Release;
        assert_eq!(Key::of(event), None);
    }
}
