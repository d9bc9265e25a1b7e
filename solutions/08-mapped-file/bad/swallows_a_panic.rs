//! Must fail: a_panic_in_the_work_reaches_the_caller (wrong)
//! Hint: A thread panicked, and the caller got a result all the same: the sum of the others. What does `join` return for that thread, and what do you do with it?
//!
//! The mistake: a thread that panicked has no result, so it is left out. The sum of
//! the others is wrong and looks right.

use std::fmt;
use std::iter::Sum;
use std::path::Path;

use wt_core::buffer::Mapping;
pub use wt_core::buffer::OpenError;
use wt_core::thread;

/// Cuts `text` into at most `parts` parts of about the same size, in order.
///
/// Joined, the parts are `text`, byte for byte. A line is never cut: every part
/// but the last ends in `\n`. No part is empty, and none is larger than its
/// share, `text.len() / parts`, by more than two lines. 0 parts count as 1.
#[must_use]
pub fn cut_at_lines(text: &[u8], parts: usize) -> Vec<&[u8]> {
    let mut cut = Vec::new();
    let mut rest = text;
    for left in (1..=parts.max(1)).rev() {
        // A long line may have taken more than one share: then there are fewer parts.
        if rest.is_empty() {
            break;
        }
        // The share of what is left, so that no part pays for the lines of all before.
        // From its last byte on, because that byte may be the line end.
        let share = rest.len().div_ceil(left);
        let line_end = rest[share - 1..].iter().position(|&byte| byte == b'\n');
        let (part, after) = rest.split_at(line_end.map_or(rest.len(), |at| share + at));
        cut.push(part);
        rest = after;
    }
    cut
}

/// Counts `text` on the calling thread.
///
/// A line ends after `\n`, or at the end of the text; what follows the last `\n`
/// is a line if there is anything. The text need not be UTF-8.
#[must_use]
pub fn count(text: &[u8]) -> Counts {
    let mut counts = Counts::default();
    // `split` would see an empty line behind the last line end.
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        counts.add_line(line);
    }
    counts
}

/// Maps the file and calls `work` on each of its parts, each on a thread of its
/// own, all at the same time. Returns the results in the order of the text.
///
/// The parts are those of [`cut_at_lines`]; an empty file has none. A panic in
/// `work` becomes a panic of the caller.
///
/// # Errors
///
/// Returns [`OpenError`], which names the path, when the file cannot be mapped.
pub fn map_parts<T, F>(path: &Path, workers: usize, work: F) -> Result<Vec<T>, OpenError>
where
    T: Send,
    F: Fn(&[u8]) -> T + Sync,
{
    // Outlives the scope below, so every part may borrow from it.
    let file = Mapping::open(path)?;
    let (parts, work) = (cut_at_lines(&file, workers), &work);
    Ok(thread::scope(|scope| {
        // Collected before the first join: a lazy chain would start each thread
        // only after the one before it has ended.
        let threads: Vec<_> = parts
            .into_iter()
            .map(|part| scope.spawn(move || work(part)))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect()
    }))
}

/// Counts the file with `workers` threads.
///
/// # Errors
///
/// As [`map_parts`].
pub fn count_log(path: &Path, workers: usize) -> Result<Counts, OpenError> {
    let counts = map_parts(path, workers, count)?;
    Ok(counts.into_iter().sum())
}

/// What is counted. Every line has one of the five levels, so they add up to
/// `lines`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines, the empty ones too.
    pub lines: u64,
    /// Runs of bytes between ASCII white space.
    pub words: u64,
    /// Lines with the level `ERROR`.
    pub error: u64,
    /// Lines with the level `WARN`.
    pub warn: u64,
    /// Lines with the level `INFO`.
    pub info: u64,
    /// Lines with the level `DEBUG`.
    pub debug: u64,
    /// Lines with any other level, or with none.
    pub other: u64,
}

impl Counts {
    /// Adds one line, with or without its line end. Its level is its second word:
    /// `10:15:00 ERROR disk full`.
    pub fn add_line(&mut self, line: &[u8]) {
        let words = line
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        let mut level = &b""[..];
        for (place, word) in words.enumerate() {
            self.words += 1;
            if place == 1 {
                level = word;
            }
        }
        self.lines += 1;
        *match level {
            b"ERROR" => &mut self.error,
            b"WARN" => &mut self.warn,
            b"INFO" => &mut self.info,
            b"DEBUG" => &mut self.debug,
            _ => &mut self.other,
        } += 1;
    }

    /// Names and counts, in the order of the report.
    fn rows(&self) -> [(&'static str, u64); 7] {
        [
            ("lines", self.lines),
            ("words", self.words),
            ("ERROR", self.error),
            ("WARN", self.warn),
            ("INFO", self.info),
            ("DEBUG", self.debug),
            ("other", self.other),
        ]
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(counts: I) -> Counts {
        counts.fold(Counts::default(), |a, b| Counts {
            lines: a.lines + b.lines,
            words: a.words + b.words,
            error: a.error + b.error,
            warn: a.warn + b.warn,
            info: a.info + b.info,
            debug: a.debug + b.debug,
            other: a.other + b.other,
        })
    }
}

/// A table of two columns.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in self.rows() {
            writeln!(f, "{name:<5} {count:>8}")?;
        }
        Ok(())
    }
}
