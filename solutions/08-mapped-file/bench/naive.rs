//! Reads the file into a `String`, and counts on one thread, however many workers
//! there should be.

use std::fs;
use std::io;
use std::path::Path;

/// What the workload looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines.
    pub lines: u64,
    /// Words.
    pub words: u64,
    /// Lines of the level ERROR.
    pub error: u64,
}

/// Reads the file and counts.
///
/// # Errors
///
/// [`io::Error`] if the file cannot be read.
pub fn count_log(path: &Path, _workers: usize) -> io::Result<Counts> {
    let text = fs::read_to_string(path)?;
    let mut counts = Counts::default();
    for line in text.lines() {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        counts.lines += 1;
        counts.words += words.len() as u64;
        counts.error += u64::from(words.get(1).is_some_and(|level| level == "ERROR"));
    }
    Ok(counts)
}
