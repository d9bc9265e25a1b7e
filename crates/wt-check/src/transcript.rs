//! The transcript: what a checked process tells the grader, line by line.
//!
//! | Line | Fields (tab-separated, `\t \n \r \\` escaped) |
//! | --- | --- |
//! | `wt-check` | format version; always first |
//! | `observe` | key, value |
//! | `panic` | thread, file, line, message |
//! | `thread` | name, state (`asleep` or `running`), what it waits for |
//! | `frame` | function, file, line: belongs to the last `thread` |
//! | `step` | a sentence: one of the last things that happened before a deadlock |
//! | `note` | a sentence |
//! | `explored` | how many schedules were tried, how many differed, `complete` if there are no more |
//! | `schedule` | the one that went wrong, or that was asked for: a letter and a number |
//! | `story` | thread, what it did, file, line: all that happened under that schedule |
//! | `verdict` | word, what happened, file, line |
//! | `done` | how many lines came before, the request's secret; always last |
//!
//! `wt-grader` reads it. A transcript without `done`, or with another count, is
//! not whole, and its verdict does not count.

use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::request::Request;

pub(crate) const VERSION: &str = "1";

static PIPE: OnceLock<Mutex<Pipe>> = OnceLock::new();

struct Pipe {
    file: File,
    /// How many lines have been written.
    lines: u32,
    /// Whether the last line has been written. What other threads still have to
    /// say comes too late.
    closed: bool,
}

impl Pipe {
    fn line(&mut self, fields: &[&str]) {
        let escaped: Vec<String> = fields.iter().map(|field| escape(field)).collect();
        let text = escaped.join("\t") + "\n";
        // A closed pipe means that the grader has gone: nobody is left to tell.
        let _ = self.file.write_all(text.as_bytes());
        self.lines += 1;
    }
}

/// Sends all later lines to `file`, and writes the first.
pub(crate) fn open(file: File) {
    let pipe = Pipe {
        file,
        lines: 0,
        closed: false,
    };
    let fresh = PIPE.set(Mutex::new(pipe)).is_ok();
    assert!(fresh, "a process has one transcript");
    line(&["wt-check", VERSION]);
}

/// Writes one line. Does nothing before [`open`], because a probe may be used in a
/// plain unit test, and nothing after [`close`].
pub(crate) fn line(fields: &[&str]) {
    let Some(pipe) = PIPE.get() else { return };
    let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
    if !pipe.closed {
        pipe.line(fields);
    }
}

/// Writes the verdict and the closing line, with nothing in between.
pub(crate) fn close(word: &str, what: &str, file: &str, at: u32) {
    let Some(pipe) = PIPE.get() else { return };
    let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
    if pipe.closed {
        return;
    }
    pipe.line(&["verdict", word, what, file, &at.to_string()]);
    let before = pipe.lines.to_string();
    pipe.line(&["done", &before, &Request::current().secret]);
    pipe.closed = true;
}

/// Writes the verdict `over limit` and the closing line without allocating and
/// without waiting for a lock, because the allocator itself calls this. Says
/// whether it did: somebody may be writing right now, this thread even.
#[cfg(unix)]
pub(crate) fn close_over_memory(live: usize, limit: usize) -> bool {
    use std::os::fd::AsRawFd;

    let Some(Ok(mut pipe)) = PIPE.get().map(Mutex::try_lock) else {
        return false;
    };
    if pipe.closed {
        return false;
    }
    let mut text = StackText {
        bytes: [0; 256],
        used: 0,
    };
    let before = pipe.lines + 1;
    let secret = &Request::current().secret;
    let (live, limit) = (live >> 20, limit >> 20);
    let _ = std::fmt::write(
        &mut text,
        format_args!(
            "verdict\tover limit\tmemory: {live} MiB were live at once; the limit is {limit} MiB\t\t0\ndone\t{before}\t{secret}\n"
        ),
    );
    pipe.closed = true;
    // SAFETY: the descriptor is open for as long as `pipe` is locked, and the
    // pointer and length describe initialised bytes of `text`.
    unsafe { libc::write(pipe.file.as_raw_fd(), text.bytes.as_ptr().cast(), text.used) };
    true
}

fn escape(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    for c in field.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out
}

/// A `fmt::Write` that needs no allocator; what does not fit is cut.
#[cfg(unix)]
struct StackText {
    bytes: [u8; 256],
    used: usize,
}

#[cfg(unix)]
impl std::fmt::Write for StackText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = &mut self.bytes[self.used..];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.used += taken;
        Ok(())
    }
}
