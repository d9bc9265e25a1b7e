//! What can happen while watching. Every source of events has a thread of its
//! own, and all send to the one channel that the main loop reads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::keys::Key;
use crate::lesson::Lesson;

/// Something happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// A key was pressed.
    Key(Key),
    /// The terminal has another size.
    Resized,
    /// The sources in these lessons' folders have changed, or are gone or back.
    Saved(Vec<String>),
    /// From now on the files are looked at in intervals, because of this.
    Polling(String),
    /// A line of progress from the check in flight.
    Said(String),
    /// The check in flight has ended.
    Checked(Ended),
    /// Another command, about this lesson, has ended.
    Answered(Errand, Lesson, Ended),
    /// The folder of the sources to be checked is not there.
    Missing,
    /// The editor was closed; what went wrong with it, if something did.
    EditorClosed(Option<String>),
    /// Something that a person should know.
    Note(String),
    /// A signal asks to stop; `true` for Ctrl-C.
    Stop(bool),
    /// A thread of watch itself has panicked.
    Broken,
}

/// A command that is not `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// `hint` up to this level.
    Hint(usize),
    List,
    Reset,
}

/// How a command ended, and what it printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// None if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

/// Starts a thread that may send events. If it panics, the main loop is told, so
/// that watch ends in good order.
pub(crate) fn spawn(
    name: &str,
    events: Sender<Event>,
    work: impl FnOnce(&Sender<Event>) + Send + 'static,
) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            // The thread's data is gone after a panic; only the channel lives on.
            if catch_unwind(AssertUnwindSafe(|| work(&events))).is_err() {
                let _ = events.send(Event::Broken);
            }
        })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_thread_is_told_to_the_main_loop() {
        let (events, inbox) = std::sync::mpsc::channel();
        spawn("broken", events, |_| panic!("a mistake in watch")).unwrap();
        let told = inbox.recv_timeout(Duration::from_secs(20));
        assert!(matches!(told, Ok(Event::Broken)), "{told:?}");
    }
}
