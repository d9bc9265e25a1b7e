//! Every panic of the process, kept, whoever swallows it later.

use std::cell::Cell;
#[cfg(unix)]
use std::fs::File;
#[cfg(unix)]
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::transcript;

/// One panic, as the panic hook saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanicNote {
    /// The thread's name, or `unnamed`.
    pub thread: String,
    /// The panic's message.
    pub message: String,
    /// The source file of the panic, as rustc was given it.
    pub file: String,
    /// The line in that file.
    pub line: u32,
}

/// How many panics are kept; a job that panics a million times is one lesson.
const KEPT: usize = 64;

static SEEN: Mutex<Vec<PanicNote>> = Mutex::new(Vec::new());

thread_local! {
    static LAST_HERE: Cell<Option<PanicNote>> = const { Cell::new(None) };
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static PROBE: Cell<Option<Probe>> = const { Cell::new(None) };
}

/// A panic that only asks whether the hook is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    Unseen,
    Seen,
}

/// Every panic of this process so far, on any thread, oldest first; the first 64.
///
/// A solution may catch a panic and say nothing. It is still in this list.
#[must_use]
pub fn panics() -> Vec<PanicNote> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// The last panic of the calling thread, once.
pub(crate) fn take_last_here() -> Option<PanicNote> {
    LAST_HERE.take()
}

/// Runs `f`; a panic in it is caught, and neither printed nor kept.
pub(crate) fn quietly<T>(f: impl FnOnce() -> T) -> thread::Result<T> {
    QUIET.set(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    QUIET.set(false);
    result
}

/// Whether the hook of [`install_hook`] is gone: the checked code took it away, or put
/// another in its place. Asked with a panic, which whatever hook is there sees.
pub(crate) fn hook_is_gone() -> bool {
    PROBE.set(Some(Probe::Unseen));
    let _ = catch_unwind(|| panic!("(only to see whether the panic hook is still there)"));
    PROBE.take() != Some(Probe::Seen)
}

/// Replaces the panic hook: notes the panic, and prints it in one line where the
/// default hook prints three.
pub(crate) fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        if PROBE.get().is_some() {
            PROBE.set(Some(Probe::Seen));
            return;
        }
        if QUIET.get() {
            return;
        }
        let note = note(info);
        let PanicNote {
            thread,
            message,
            file,
            line,
        } = &note;
        say(&format!(
            "thread '{thread}' panicked at {file}:{line}: {message}\n"
        ));
        remember(&note);
        LAST_HERE.set(Some(note));
    }));
}

/// Prints to standard error past the lock of std's, which the checked code may hold for
/// ever.
fn say(line: &str) {
    #[cfg(unix)]
    {
        use std::io::Write;
        use std::os::fd::FromRawFd;

        // SAFETY: the descriptor is not closed here, and nobody else may close it.
        let mut out = ManuallyDrop::new(unsafe { File::from_raw_fd(libc::STDERR_FILENO) });
        // That nobody reads it is not worth a second panic.
        let _ = out.write_all(line.as_bytes());
    }
    #[cfg(not(unix))]
    eprint!("{line}");
}

fn note(info: &PanicHookInfo<'_>) -> PanicNote {
    let location = info.location();
    #[cfg(feature = "explore")]
    let thread = wt_sync::thread::current();
    #[cfg(not(feature = "explore"))]
    let thread = thread::current();
    PanicNote {
        thread: thread.name().unwrap_or("unnamed").to_owned(),
        message: message(info.payload()),
        file: location.map_or(String::new(), |at| at.file().to_owned()),
        line: location.map_or(0, std::panic::Location::line),
    }
}

fn remember(note: &PanicNote) {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.len() < KEPT {
        transcript::line(&[
            "panic",
            &note.thread,
            &note.file,
            &note.line.to_string(),
            &note.message,
        ]);
        seen.push(note.clone());
    }
}

/// The text of a panic's payload, where it has one.
pub(crate) fn message(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        cut(text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        cut(text)
    } else {
        String::from("a panic without a text")
    }
}

/// A transcript has an end; a panic's words may have none.
fn cut(text: &str) -> String {
    const MOST: usize = 16 << 10;
    if text.len() <= MOST {
        return text.to_owned();
    }
    let end = (0..=MOST).rfind(|end| text.is_char_boundary(*end));
    let kept = &text[..end.unwrap_or(0)];
    format!("{kept} [... {} more bytes]", text.len() - kept.len())
}
