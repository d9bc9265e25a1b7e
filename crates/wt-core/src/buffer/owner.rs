//! The memory that slices share.

use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};

use wt_sync::sync::Arc;

/// Memory that does not belong to a type of std, for instance a mapped file.
pub(super) type ForeignOwner<T> =
    Arc<dyn Deref<Target = [T]> + Send + Sync + UnwindSafe + RefUnwindSafe>;

pub(super) enum Owner<T: 'static> {
    Vec(Arc<Apart<Vec<T>>>),
    Slice(Arc<[T]>),
    Static(&'static [T]),
    Foreign(ForeignOwner<T>),
}

/// Keeps a value off the cache line of the counts of the `Arc` that it is in. Whoever
/// reads a slice reads where the vector's elements are; whoever clones or drops a part
/// writes the counts. On one line, each would take it away from the other's core.
#[repr(align(64))]
pub(super) struct Apart<T>(pub(super) T);

impl<T> Owner<T> {
    /// The elements, if they may be changed without anybody else noticing.
    pub(super) fn all_mut(&mut self) -> Option<&mut [T]> {
        match self {
            Self::Vec(vec) => Arc::get_mut(vec).map(|vec| vec.0.as_mut_slice()),
            Self::Slice(slice) => Arc::get_mut(slice),
            Self::Static(_) | Self::Foreign(_) => None,
        }
    }

    pub(super) fn all(&self) -> &[T] {
        match self {
            Self::Vec(vec) => &vec.0,
            Self::Slice(slice) => slice,
            Self::Static(slice) => slice,
            Self::Foreign(owner) => owner,
        }
    }
}

/// Not derived: a clone copies no element, so `T` need not be `Clone`.
impl<T> Clone for Owner<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Vec(vec) => Self::Vec(Arc::clone(vec)),
            Self::Slice(slice) => Self::Slice(Arc::clone(slice)),
            Self::Static(slice) => Self::Static(slice),
            Self::Foreign(owner) => Self::Foreign(Arc::clone(owner)),
        }
    }
}
