//! What can go wrong that is not the learner's code.

use std::fmt;
use std::io;
use std::path::Path;

/// Why there is no verdict.
#[derive(Debug)]
pub enum GradeError {
    /// The command asks for something that does not exist.
    Usage(String),
    /// A file of the course is missing or cannot be understood.
    Course(String),
    /// The grader itself could not do its work; says what to do.
    Fault(String),
    /// Ctrl-C, or a signal that means the same.
    Cancelled,
}

impl GradeError {
    /// An I/O error with the path it happened at, and what to do where that is
    /// known.
    #[must_use]
    pub fn io(doing: &str, path: &Path, error: &io::Error) -> Self {
        let advice = match error.kind() {
            io::ErrorKind::StorageFull => "; the disk is full: free some space and run it again",
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::AlreadyExists => {
                "; set CARGO_TARGET_DIR to a folder that you can write to, as in \
                 `CARGO_TARGET_DIR=/tmp/wt cargo xtask check 01`"
            }
            io::ErrorKind::NotFound if doing == "start" => {
                "; install Rust with rustup, then try again"
            }
            _ => "",
        };
        Self::Fault(format!(
            "cannot {doing} `{}`: {error}{advice}",
            path.display()
        ))
    }
}

impl fmt::Display for GradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Course(text) | Self::Fault(text) => f.write_str(text),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for GradeError {}
