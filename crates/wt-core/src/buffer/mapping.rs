//! A file shown as memory: `mmap`, through memmap2.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::{Deref, RangeBounds};
use std::path::Path;

use wt_sync::sync::Arc;

use super::advice::Advice;
use super::map_options::MapOptions;
use super::mapping_mut::MappingMut;
use super::open::OpenError;
use super::region::{Change, Region};
use super::shared_slice::{SharedSlice, resolve};

/// A file's bytes, read-only, without reading them into memory first.
///
/// The system loads a page when it is first touched, and may drop it again, so a
/// mapping larger than the memory is fine. Cloning is cheap: clones and the
/// [`SharedSlice`]s cut from it share one region, which is unmapped when the last
/// of them goes.
///
/// [`MapOptions`] has the settings: a part of the file, advice, a copy instead of
/// a mapping, no lock.
///
/// # Truncation
///
/// The bytes are the file's, not a copy. `Mapping` holds a shared advisory lock
/// (`flock` on Linux), so a program that takes the exclusive lock before it
/// changes the file cannot do so meanwhile. A program that skips the lock can. If
/// it overwrites the file, the bytes change under you. If it shortens the file,
/// touching a page beyond the new end kills the process with `SIGBUS` on Unix:
/// no error value can report it. (Windows refuses to shorten a mapped file.)
///
/// What can be done about it, from the surest to the cheapest:
///
/// | You want | Use | It costs |
/// | --- | --- | --- |
/// | bytes that nobody can change | [`Load::ReadBelow`](super::Load::ReadBelow), [`Load::Seal`](super::Load::Seal) | a copy |
/// | an error instead of a signal | [`copy_range`](Self::copy_range) | a copy of that range |
/// | to know whether something has changed | [`change`](Self::change) | a system call |
/// | to notice before a long computation | [`advise`](Self::advise) with [`Advice::Populate`] | reading it all |
///
/// The last two say how things are at one moment: the file may shrink right
/// after. Nothing here catches `SIGBUS`: a handler belongs to the whole process,
/// and a library has no right to it. Map only files whose writers you know.
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

impl Mapping {
    /// Maps the file at `path`. An empty file gives an empty mapping.
    ///
    /// Does not wait for a lock, nor for a pipe's other end. The files of
    /// `/proc` report a length of 0, and so seem empty; see
    /// [`Load::ReadBelow`](super::Load::ReadBelow).
    ///
    /// # Errors
    ///
    /// [`OpenError`], which names the path: if it does not exist, is a directory
    /// or otherwise not a regular file, if somebody holds its exclusive lock, or
    /// if the system refuses, for instance because the file system knows no locks.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        MapOptions::new().open(path)
    }

    /// Maps a file that the kernel promises nobody can change: a sealed `memfd`,
    /// for instance one that another process has sent. Linux; no lock is needed.
    ///
    /// # Errors
    ///
    /// If the file is not sealed against writing and shrinking, or the system
    /// does not know of seals.
    pub fn from_sealed(file: File) -> io::Result<Self> {
        Ok(Self::new(Region::map_sealed(file)?))
    }

    pub(super) fn new(region: Region) -> Self {
        Self {
            region: Arc::new(region),
        }
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

    /// A private copy to write to, of which the system copies only the pages that
    /// are written to.
    ///
    /// A file that was read into memory is copied here and now.
    ///
    /// # Errors
    ///
    /// If the system refuses to map the file once more.
    pub fn to_mut(&self) -> io::Result<MappingMut> {
        MappingMut::new(Arc::clone(&self.region))
    }

    /// Tells the system how the whole mapping will be read. Blocks for
    /// [`Advice::Populate`] only, until all of it has been read.
    ///
    /// # Errors
    ///
    /// What the system says, for instance that it does not know this advice.
    pub fn advise(&self, advice: Advice) -> io::Result<()> {
        self.advise_range(.., advice)
    }

    /// As [`advise`](Self::advise), for a part.
    ///
    /// # Errors
    ///
    /// As [`advise`](Self::advise).
    ///
    /// # Panics
    ///
    /// If the range is not within the mapping.
    pub fn advise_range(&self, range: impl RangeBounds<usize>, advice: Advice) -> io::Result<()> {
        self.region.advise(resolve(&range, self.len()), advice)
    }

    /// Asks the system what has become of the file since it was opened. Takes one
    /// system call, and touches no mapped page.
    ///
    /// A change is seen by the file's length and time of modification. The time
    /// has the file system's resolution, often some milliseconds, and a program
    /// can set it; bytes that were written through another mapping may show up
    /// late.
    ///
    /// # Errors
    ///
    /// If the system does not tell, for instance because the network file system
    /// has lost the file.
    pub fn change(&self) -> io::Result<Change> {
        self.region.change()
    }

    /// Copies a range by reading the file instead of the mapping: a file that was
    /// shortened is an error, not the end of the process.
    ///
    /// # Errors
    ///
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if the file ends before the
    /// range does, or what else the system says.
    ///
    /// # Panics
    ///
    /// If the range is not within the mapping.
    pub fn copy_range(&self, range: impl RangeBounds<usize>) -> io::Result<Vec<u8>> {
        let range = resolve(&range, self.len());
        let mut copy = vec![0; range.len()];
        self.region.read_exact_at(&mut copy, range.start)?;
        Ok(copy)
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
