//! The memory behind a mapping, and the file behind the memory.

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::time::SystemTime;

use memmap2::{Mmap, MmapMut, MmapOptions};

use super::advice::{self, Advice};

/// The fields are dropped in this order: unmapped first, unlocked after.
///
/// Aligned as [`Apart`](super::owner::Apart), for the same reason.
#[repr(align(64))]
pub(super) struct Region {
    bytes: Bytes,
    /// What is mapped, or `None` if `bytes` is a copy. Closing the file releases
    /// its lock.
    source: Option<Source>,
}

enum Bytes {
    /// A region of no bytes cannot be mapped.
    Empty,
    Mapped(Mmap),
    Copied(Vec<u8>),
}

struct Source {
    file: File,
    /// Where in the file the region begins.
    offset: u64,
    /// What the file was when it was mapped.
    stamp: Stamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    len: u64,
    /// `None` where the file system does not know.
    modified: Option<SystemTime>,
}

/// What has become of the file behind a [`Mapping`](super::Mapping).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Nothing that can be seen.
    Intact,
    /// It was written to: overwritten, or only appended to.
    Modified,
    /// It ends before the mapping does. Bytes beyond its end must not be touched.
    Shrunk {
        /// The file's length now.
        len: u64,
    },
}

impl Region {
    pub(super) fn copied(bytes: Vec<u8>) -> Self {
        Self {
            bytes: Bytes::Copied(bytes),
            source: None,
        }
    }

    /// Maps `range` of the file, which lies within it.
    ///
    /// # Safety
    ///
    /// While the region lives, nobody may change or shorten that part of the
    /// file.
    pub(super) unsafe fn map(file: File, range: Range<u64>) -> io::Result<Self> {
        let stamp = Stamp::of(&file)?;
        let len = usize::try_from(range.end - range.start).map_err(|_| {
            io::Error::new(
                io::ErrorKind::FileTooLarge,
                "more bytes than this machine can address: map it range by range",
            )
        })?;
        let bytes = if len == 0 {
            Bytes::Empty
        } else {
            // SAFETY: the caller vouches for the file.
            Bytes::Mapped(unsafe { MmapOptions::new().offset(range.start).len(len).map(&file) }?)
        };
        let source = Some(Source {
            file,
            offset: range.start,
            stamp,
        });
        Ok(Self { bytes, source })
    }

    /// Maps the whole of a file that the kernel keeps from being changed.
    pub(super) fn map_sealed(file: File) -> io::Result<Self> {
        let stamp = Stamp::of(&file)?;
        // Also of an empty file it is asked whether it is sealed.
        let map = MmapOptions::new().map_if_safe(&file)?;
        let source = Some(Source {
            file,
            offset: 0,
            stamp,
        });
        let bytes = match map.len() {
            0 => Bytes::Empty,
            _ => Bytes::Mapped(map),
        };
        Ok(Self { bytes, source })
    }

    pub(super) fn advise(&self, range: Range<usize>, advice: Advice) -> io::Result<()> {
        match &self.bytes {
            Bytes::Mapped(map) => advice::advise(map, range.start, range.len(), advice),
            // Memory that is there already needs no plan.
            Bytes::Empty | Bytes::Copied(_) => Ok(()),
        }
    }

    pub(super) fn change(&self) -> io::Result<Change> {
        let Some(source) = &self.source else {
            return Ok(Change::Intact);
        };
        let now = Stamp::of(&source.file)?;
        Ok(if now.len < source.offset + self.len() as u64 {
            Change::Shrunk { len: now.len }
        } else if now != source.stamp {
            Change::Modified
        } else {
            Change::Intact
        })
    }

    /// Copies the bytes from `start` on into `buffer`, which is not longer than
    /// what follows, by reading the file instead of the mapping.
    pub(super) fn read_exact_at(&self, buffer: &mut [u8], start: usize) -> io::Result<()> {
        match &self.source {
            Some(source) => read_exact_at(&source.file, buffer, source.offset + start as u64),
            None => {
                buffer.copy_from_slice(&self[start..][..buffer.len()]);
                Ok(())
            }
        }
    }

    /// A private copy, of which the system copies each page when it is first
    /// written to. `None` if there is nothing to map.
    pub(super) fn map_private(&self) -> io::Result<Option<MmapMut>> {
        let (Bytes::Mapped(map), Some(source)) = (&self.bytes, &self.source) else {
            return Ok(None);
        };
        let mut options = MmapOptions::new();
        options.offset(source.offset).len(map.len());
        // SAFETY: writes stay private to this mapping, and what was not written to shows the file,
        // for which the one who made this region vouched. The caller keeps the region alive.
        unsafe { options.map_copy(&source.file) }.map(Some)
    }
}

impl Deref for Region {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Empty => &[],
            Bytes::Mapped(map) => map,
            Bytes::Copied(bytes) => bytes,
        }
    }
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(not(any(unix, windows)))]
fn read_exact_at(_: &File, _: &mut [u8], _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
