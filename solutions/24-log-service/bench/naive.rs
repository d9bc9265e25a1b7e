//! Reads the file line by line on the thread that asks, however many workers there
//! should be.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// What the workload looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something may fail.
    Warn,
    /// Something happened.
    Info,
    /// Somebody looks for a mistake.
    Debug,
}

/// Not used.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// Not used.
    pub workers: usize,
    /// Not used.
    pub queue: usize,
    /// Not used.
    pub piece: usize,
    /// Not used.
    pub in_flight: usize,
}

/// The counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines of each level.
    pub levels: [u64; 4],
    /// Other lines.
    pub bad: u64,
}

/// Counts when it is asked.
pub struct Service {
    parse: fn(&[u8]) -> Option<Level>,
}

/// A file that is counted when somebody waits for it.
pub struct Ticket {
    path: PathBuf,
    parse: fn(&[u8]) -> Option<Level>,
}

impl Service {
    /// Keeps the function.
    pub fn start(_config: Config, parse: fn(&[u8]) -> Option<Level>) -> Self {
        Self { parse }
    }

    /// Keeps the path.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn submit(&self, path: &Path) -> io::Result<Ticket> {
        let path = path.to_owned();
        let parse = self.parse;
        Ok(Ticket { path, parse })
    }

    /// Does nothing.
    pub fn stop(&self) {}
}

impl Ticket {
    /// Counts the lines.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the file cannot be read.
    pub fn wait(self) -> io::Result<Report> {
        let mut report = Report::default();
        for line in BufReader::new(File::open(&self.path)?).lines() {
            match (self.parse)(line?.as_bytes()) {
                Some(level) => report.levels[level as usize] += 1,
                None => report.bad += 1,
            }
        }
        Ok(report)
    }
}
