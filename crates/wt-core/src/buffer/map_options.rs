//! How a file is opened as memory.

use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::{Bound, Range, RangeBounds};
use std::path::Path;

use super::advice::Advice;
use super::mapping::Mapping;
use super::open::OpenError;
use super::region::Region;
use super::sealed;

/// Settings for [`Mapping::open`]: which part, how it gets into memory, what
/// keeps others from changing it.
///
/// # Examples
///
/// ```
/// use wt_core::buffer::{Advice, Load, MapOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("access.log");
/// std::fs::write(&path, "GET /\nGET /index\n")?;
/// let file = MapOptions::new()
///     .range(6..)
///     .load(Load::ReadBelow(64 * 1024)) // small files are copied: nothing to fear
///     .advice(Advice::Sequential)
///     .open(&path)?;
/// assert_eq!(&file[..], b"GET /index\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MapOptions {
    start: u64,
    /// `None` is the end of the file.
    end: Option<u64>,
    load: Load,
    lock: Lock,
    advice: Vec<Advice>,
}

/// How the bytes of a file get into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Load {
    /// Page by page, when they are first touched. The bytes stay the file's: see
    /// [`Mapping`], "Truncation".
    #[default]
    Map,
    /// A file (or range) of less than this many bytes is read at once, and
    /// `u64::MAX` reads every file; a longer one is mapped.
    ///
    /// The copy is yours: whatever happens to the file, the bytes stay. The file
    /// is closed. A file that reports length 0 is read to its end, which shows
    /// those of `/proc`. Mapping pays off for files that are large, read in part,
    /// or read by many processes.
    ReadBelow(u64),
    /// Copied at once into memory that the kernel keeps from ever being changed
    /// (a sealed `memfd`). Linux; an error elsewhere.
    ///
    /// As safe as reading, and not on the heap: it counts against no allocator,
    /// and [`Mapping::to_mut`] copies only the pages that are written to.
    Seal,
}

/// What keeps others from changing the file meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Lock {
    /// A shared advisory lock, for as long as any view lives. It keeps away those
    /// who ask for the exclusive lock, and nobody else.
    #[default]
    Shared,
    /// Nothing: you vouch that nobody changes the file. For file systems without
    /// locks, and for files that are known to stay as they are. [`Mapping`],
    /// "Truncation", says what happens otherwise.
    None,
}

impl MapOptions {
    /// The whole file, mapped, under a shared lock, without advice.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: 0,
            end: None,
            load: Load::Map,
            lock: Lock::Shared,
            advice: Vec::new(),
        }
    }

    /// Opens only these bytes of the file. They need not begin at a page. This is
    /// how a file larger than the address space is read, window by window.
    ///
    /// # Panics
    ///
    /// If the range begins after its end.
    #[must_use]
    pub fn range(mut self, range: impl RangeBounds<u64>) -> Self {
        let after = |bound: u64| bound.checked_add(1).expect("a range ends within a u64");
        self.start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => after(before),
            Bound::Unbounded => 0,
        };
        self.end = match range.end_bound() {
            Bound::Included(&last) => Some(after(last)),
            Bound::Excluded(&end) => Some(end),
            Bound::Unbounded => None,
        };
        if let Some(end) = self.end {
            let start = self.start;
            assert!(start <= end, "range {start}..{end} begins after its end");
        }
        self
    }

    /// How the bytes get into memory.
    #[must_use]
    pub fn load(mut self, load: Load) -> Self {
        self.load = load;
        self
    }

    /// What keeps others from changing the file.
    #[must_use]
    pub fn lock(mut self, lock: Lock) -> Self {
        self.lock = lock;
        self
    }

    /// Adds advice, which is given once the file is mapped. What the system does
    /// not know is ignored.
    #[must_use]
    pub fn advice(mut self, advice: Advice) -> Self {
        self.advice.push(advice);
        self
    }

    /// Opens the file at `path` with these settings.
    ///
    /// Does not wait for a lock, nor for a pipe's other end. Blocks while bytes
    /// are copied, if the settings say so.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which names the path: if it does not exist, is a directory
    /// or otherwise not a regular file, if somebody holds its exclusive lock, if
    /// it ends before the range does, or if the system refuses, for instance
    /// because the file system knows no locks.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Mapping, OpenError> {
        let path = path.as_ref();
        let failed = |source| OpenError::io(path, source);
        // Asked before opening, because opening a pipe would wait for its writer.
        check_type(path, &fs::metadata(path).map_err(failed)?)?;
        let file = File::open(path).map_err(failed)?;
        // And again of the opened file, in case the path has changed its meaning.
        check_type(path, &file.metadata().map_err(failed)?)?;
        if self.lock == Lock::Shared {
            take_lock(path, &file)?;
        }
        // Read under the lock, so that it cannot shrink before it is mapped.
        let len = file.metadata().map_err(failed)?.len();
        let range = self.start..self.end.unwrap_or(len.max(self.start));
        if range.end > len {
            let path = path.to_owned();
            return Err(OpenError::OutOfRange { path, range, len });
        }
        let region = self.bring_in(file, range).map_err(failed)?;
        for &advice in &self.advice {
            // Advice is no promise, so that it is not taken is no failure.
            let _ = region.advise(0..region.len(), advice);
        }
        Ok(Mapping::new(region))
    }

    fn bring_in(&self, file: File, range: Range<u64>) -> io::Result<Region> {
        match self.load {
            Load::ReadBelow(bound) if range.end - range.start < bound => {
                let end = self.end.map(|_| range.end);
                Ok(Region::copied(read(file, range.start, end)?))
            }
            Load::Seal => Region::map_sealed(sealed::copy(file, range)?),
            Load::Map | Load::ReadBelow(_) => {
                // SAFETY: the mapping is read-only. Under `Lock::Shared`, the region holds the
                // file's lock while any view lives, so nobody who takes the exclusive lock can
                // change or truncate the bytes. A process that skips the lock can, and under
                // `Lock::None` the caller vouches that none does: see `Mapping`, "Truncation".
                unsafe { Region::map(file, range) }
            }
        }
    }
}

impl Default for MapOptions {
    fn default() -> Self {
        Self::new()
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

fn take_lock(path: &Path, file: &File) -> Result<(), OpenError> {
    file.try_lock_shared().map_err(|error| match error {
        TryLockError::WouldBlock => OpenError::Locked(path.to_owned()),
        TryLockError::Error(source) => OpenError::io(path, source),
    })
}

/// Reads from `start` to `end`, or to wherever the file ends.
fn read(mut file: File, start: u64, end: Option<u64>) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    let Some(end) = end else {
        file.read_to_end(&mut bytes)?;
        return Ok(bytes);
    };
    let len = file.take(end - start).read_to_end(&mut bytes)?;
    if (len as u64) < end - start {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}
