//! What a program tells the system about how it will use a mapping.

use std::io;

use memmap2::Mmap;

/// How a [`Mapping`](super::Mapping) will be read, for the system to plan by.
/// Advice changes speed, never content.
///
/// [`MapOptions::advice`](super::MapOptions::advice) ignores what the system
/// cannot do; [`Mapping::advise`](super::Mapping::advise) reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// Nothing in particular: undoes `Sequential` and `Random`. All of Unix.
    Normal,
    /// From front to back: read far ahead, forget early. All of Unix.
    Sequential,
    /// Here and there: do not read ahead. All of Unix.
    Random,
    /// Soon: start to read now, and return at once. All of Unix.
    WillNeed,
    /// Now: return when all of it has been read. Linux 5.14 and later.
    ///
    /// A file that was shortened is an error here, not the end of the process.
    Populate,
    /// In huge pages, which need fewer entries in the processor's table. Linux,
    /// for file systems that can (most cannot, `tmpfs` can).
    HugePages,
}

/// Advises for `len` bytes from `start`, which are within `map`.
#[cfg(unix)]
pub(super) fn advise(map: &Mmap, start: usize, len: usize, advice: Advice) -> io::Result<()> {
    let advice = match advice {
        Advice::Normal => memmap2::Advice::Normal,
        Advice::Sequential => memmap2::Advice::Sequential,
        Advice::Random => memmap2::Advice::Random,
        Advice::WillNeed => memmap2::Advice::WillNeed,
        #[cfg(target_os = "linux")]
        Advice::Populate => memmap2::Advice::PopulateRead,
        #[cfg(target_os = "linux")]
        Advice::HugePages => memmap2::Advice::HugePage,
        #[cfg(not(target_os = "linux"))]
        Advice::Populate | Advice::HugePages => return Err(io::ErrorKind::Unsupported.into()),
    };
    map.advise_range(advice, start, len)
}

#[cfg(not(unix))]
pub(super) fn advise(_: &Mmap, _: usize, _: usize, advice: Advice) -> io::Result<()> {
    match advice {
        Advice::Normal => Ok(()),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}
