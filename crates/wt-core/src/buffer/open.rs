//! Why a file could not be mapped.

use std::error::Error;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Why [`Mapping::open`](super::Mapping::open) or
/// [`MapOptions::open`](super::MapOptions::open) failed. Every variant names the
/// path.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing is at this path.
    NotFound(PathBuf),
    /// The path is a directory.
    Directory(PathBuf),
    /// The path is neither a file nor a directory: a pipe, a socket, a device.
    NotAFile(PathBuf),
    /// Somebody holds the file's exclusive lock, and so may be changing it.
    Locked(PathBuf),
    /// The file ends before the range that was asked for.
    OutOfRange {
        /// The file's path.
        path: PathBuf,
        /// What was asked for.
        range: Range<u64>,
        /// How long the file is.
        len: u64,
    },
    /// The system refused to open, lock or map the file.
    Io {
        /// The file's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl OpenError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound(path),
            io::ErrorKind::IsADirectory => Self::Directory(path),
            _ => Self::Io { path, source },
        }
    }

    /// The path that was to be opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::NotFound(path)
            | Self::Directory(path)
            | Self::NotAFile(path)
            | Self::Locked(path)
            | Self::OutOfRange { path, .. }
            | Self::Io { path, .. } => path,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path().display();
        match self {
            Self::NotFound(_) => write!(f, "there is no file {path}"),
            Self::Directory(_) => write!(f, "{path} is a directory, not a file"),
            Self::NotAFile(_) => write!(f, "{path} is not a regular file"),
            Self::Locked(_) => write!(f, "{path} is locked by somebody who may be changing it"),
            Self::OutOfRange { range, len, .. } => {
                let Range { start, end } = range;
                write!(
                    f,
                    "{path} has {len} bytes, which {start}..{end} is not within"
                )
            }
            Self::Io { source, .. } => write!(f, "{path} could not be mapped: {source}"),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
