//! A file shown as memory: `mmap`, through memmap2.

use std::fmt;
use std::fs::{self, File, Metadata, TryLockError};
use std::ops::Deref;
use std::path::Path;

use memmap2::{Mmap, MmapOptions};
use wt_sync::sync::Arc;

use super::open::OpenError;
use super::shared_slice::SharedSlice;

/// A file's bytes, read-only, without reading them into memory first.
///
/// The system loads a page when it is first touched, and may drop it again, so a
/// mapping larger than the memory is fine. Cloning is cheap: clones and the
/// [`SharedSlice`]s cut from it share one region, which is unmapped when the last
/// of them goes.
///
/// # Truncation
///
/// The bytes are the file's, not a copy. `Mapping` holds a shared advisory lock
/// (`flock` on Linux), so a program that takes the exclusive lock before it
/// changes the file cannot do so meanwhile. A program that skips the lock can. If
/// it overwrites the file, the bytes change under you. If it shortens the file,
/// touching a page beyond the new end kills the process with `SIGBUS` on Unix:
/// no error value can report it. Map only files whose writers you know, or copy
/// the file first.
///
/// # Examples
///
/// ```
/// use wt_core::buffer::Mapping;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("access.log");
/// std::fs::write(&path, "GET /\nGET /index\n")?;
/// let file = Mapping::open(&path)?;
/// assert_eq!(file.len(), 17);
/// assert!(file.starts_with(b"GET"));
/// assert_eq!(file.split_lines(8).len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Mapping {
    region: Arc<Region>,
}

/// The fields are dropped in this order: unmapped first, unlocked after.
struct Region {
    /// `None` for an empty file: a region of no bytes cannot be mapped.
    map: Option<Mmap>,
    /// Closing the file releases its lock.
    _locked: File,
}

impl Mapping {
    /// Maps the file at `path`. An empty file gives an empty mapping.
    ///
    /// Does not wait for a lock, nor for a pipe's other end. The files of
    /// `/proc` report a length of 0, and so seem empty.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which names the path: if it does not exist, is a directory
    /// or otherwise not a regular file, if somebody holds its exclusive lock, or
    /// if the system refuses, for instance because the file system knows no locks.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let failed = |source| OpenError::io(path, source);
        // Asked before opening, because opening a pipe would wait for its writer.
        check_type(path, &fs::metadata(path).map_err(failed)?)?;
        let file = File::open(path).map_err(failed)?;
        // And again of the opened file, in case the path has changed its meaning.
        check_type(path, &file.metadata().map_err(failed)?)?;
        lock(path, &file)?;
        // Read under the lock, so that it cannot shrink before it is mapped.
        let len = file.metadata().map_err(failed)?.len();
        let map = if len == 0 {
            None
        } else {
            let len = usize::try_from(len).map_err(|_| {
                failed(std::io::Error::other(
                    "the file is larger than memory can be",
                ))
            })?;
            // SAFETY: the mapping is read-only, and `Region` holds the file's shared lock while any
            // view lives, so nobody who takes the exclusive lock can change or truncate the bytes.
            // A process that skips the lock can: see "Truncation" above.
            Some(unsafe { MmapOptions::new().len(len).map(&file) }.map_err(failed)?)
        };
        let region = Region { map, _locked: file };
        Ok(Self {
            region: Arc::new(region),
        })
    }

    /// The whole file as a [`SharedSlice`]. No byte is copied.
    #[must_use]
    pub fn share(&self) -> SharedSlice<u8> {
        SharedSlice::from_owner(Arc::clone(&self.region) as _)
    }

    /// Cuts the file at line ends into at most `parts` parts; see
    /// [`SharedSlice::split_lines`].
    ///
    /// # Panics
    ///
    /// If `parts` is 0.
    #[must_use]
    pub fn split_lines(&self, parts: usize) -> Vec<SharedSlice<u8>> {
        self.share().split_lines(parts)
    }
}

fn check_type(path: &Path, metadata: &Metadata) -> Result<(), OpenError> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(OpenError::Directory(path.to_owned()))
    } else {
        Err(OpenError::NotAFile(path.to_owned()))
    }
}

fn lock(path: &Path, file: &File) -> Result<(), OpenError> {
    file.try_lock_shared().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::Locked(path.to_owned()),
        TryLockError::Error(source) => OpenError::io(path, source),
    })
}

impl Deref for Region {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }
}

impl Deref for Mapping {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.region
    }
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping").field("len", &self.len()).finish()
    }
}

impl From<Mapping> for SharedSlice<u8> {
    fn from(mapping: Mapping) -> Self {
        mapping.share()
    }
}
