//! A private copy of a mapping, made page by page: copy-on-write.

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;
use wt_sync::sync::Arc;

use super::region::Region;
use super::shared_slice::SharedSlice;

/// The bytes of a [`Mapping`](super::Mapping), to write to. Writes change neither
/// the file nor the mapping.
///
/// The system copies a page when it is first written to, so that changing a few
/// bytes of a large file costs a few pages. What was not written to is still the
/// file's, with all that [`Mapping`](super::Mapping) says under "Truncation".
///
/// It becomes a [`SharedSlice`] without a copy, through `From`.
///
/// # Examples
///
/// ```
/// use wt_core::buffer::{Mapping, SharedSlice};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("page.html");
/// std::fs::write(&path, "<p>draft</p>")?;
/// let file = Mapping::open(&path)?;
/// let mut page = file.to_mut()?;
/// page[3..8].copy_from_slice(b"final");
/// assert_eq!(SharedSlice::from(page), *b"<p>final</p>");
/// assert_eq!(file[..], *b"<p>draft</p>");
/// # Ok(())
/// # }
/// ```
pub struct MappingMut {
    /// Dropped first: unmapped before the file is unlocked.
    bytes: Private,
    /// Holds the lock of the file.
    _region: Arc<Region>,
}

enum Private {
    Mapped(MmapMut),
    Copied(Vec<u8>),
}

impl MappingMut {
    pub(super) fn new(region: Arc<Region>) -> io::Result<Self> {
        let bytes = match region.map_private()? {
            Some(map) => Private::Mapped(map),
            None => Private::Copied(region.to_vec()),
        };
        Ok(Self {
            bytes,
            _region: region,
        })
    }
}

impl Deref for MappingMut {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.bytes {
            Private::Mapped(map) => map,
            Private::Copied(bytes) => bytes,
        }
    }
}

impl DerefMut for MappingMut {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.bytes {
            Private::Mapped(map) => map,
            Private::Copied(bytes) => bytes,
        }
    }
}

impl From<MappingMut> for SharedSlice<u8> {
    fn from(bytes: MappingMut) -> Self {
        Self::from_owner(Arc::new(bytes) as _)
    }
}

impl fmt::Debug for MappingMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappingMut")
            .field("len", &self.len())
            .finish()
    }
}
