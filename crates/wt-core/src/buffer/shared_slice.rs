//! A part of some memory, together with shared ownership of all of it.
//!
//! There is no `unsafe` here: a slice is its owner and a range, and each access
//! asks the owner. That costs a bounds check, so take a `&[T]` once before a hot
//! loop.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Bound, Deref, Range, RangeBounds};

use wt_sync::sync::Arc;

use super::chunks::Chunks;
use super::owner::{Apart, ForeignOwner, Owner};
use super::records::fraction;

/// An `Arc`-owned slice: `'static` where a `&[T]` borrows, so it may move to
/// another thread, and clones and parts of it cost no copy.
///
/// It is made from a `Vec<T>`, an `Arc<[T]>`, a `&'static [T]` or, for bytes, a
/// [`Mapping`](super::Mapping). All clones and parts keep the whole alive: a
/// small part of a large buffer holds the large buffer.
///
/// # Examples
///
/// ```
/// use wt_core::buffer::SharedSlice;
/// use wt_core::thread;
///
/// let whole = SharedSlice::from_vec(vec![1, 2, 3, 4, 5]);
/// let sums: Vec<i32> = whole
///     .split(2)
///     .into_iter()
///     .map(|part| thread::spawn(move || part.iter().sum::<i32>()))
///     .map(|thread| thread.join().unwrap())
///     .collect();
/// assert_eq!(sums.iter().sum::<i32>(), 15);
///
/// // The parts are gone, so the vector comes back, not a copy of it.
/// assert_eq!(whole.try_into_vec().unwrap(), [1, 2, 3, 4, 5]);
/// ```
pub struct SharedSlice<T: 'static> {
    pub(super) owner: Owner<T>,
    pub(super) start: usize,
    pub(super) len: usize,
}

impl<T> SharedSlice<T> {
    /// Takes ownership of `vec`. No element is moved or copied.
    #[must_use]
    pub fn from_vec(vec: Vec<T>) -> Self {
        Self::whole(Owner::Vec(Arc::new(Apart(vec))))
    }

    /// Shares ownership of `slice`.
    #[must_use]
    pub fn from_arc(slice: Arc<[T]>) -> Self {
        Self::whole(Owner::Slice(slice))
    }

    /// Wraps memory that lives for ever.
    #[must_use]
    pub fn from_static(slice: &'static [T]) -> Self {
        Self::whole(Owner::Static(slice))
    }

    pub(super) fn from_owner(owner: ForeignOwner<T>) -> Self {
        Self::whole(Owner::Foreign(owner))
    }

    fn whole(owner: Owner<T>) -> Self {
        let len = owner.all().len();
        Self {
            owner,
            start: 0,
            len,
        }
    }

    /// The elements of this slice in `range`. Takes constant time.
    ///
    /// # Panics
    ///
    /// If the range begins after its end or ends after the slice.
    #[must_use]
    pub fn slice(&self, range: impl RangeBounds<usize>) -> Self {
        let Range { start, end } = resolve(&range, self.len);
        Self {
            owner: self.owner.clone(),
            start: self.start + start,
            len: end - start,
        }
    }

    /// The elements before `middle`, and those from there on.
    ///
    /// # Panics
    ///
    /// If `middle` is after the end.
    #[must_use]
    pub fn split_at(&self, middle: usize) -> (Self, Self) {
        (self.slice(..middle), self.slice(middle..))
    }

    /// Parts of `size` elements in order; the last may be shorter.
    ///
    /// # Panics
    ///
    /// If `size` is 0.
    #[must_use]
    pub fn chunks(&self, size: usize) -> Chunks<T> {
        assert!(size > 0, "a chunk of 0 elements would never end");
        Chunks::new(self.clone(), size)
    }

    /// At most `parts` parts in order, whose lengths differ by at most 1. None is
    /// empty, so there are fewer if there are not enough elements.
    ///
    /// # Panics
    ///
    /// If `parts` is 0.
    #[must_use]
    pub fn split(&self, parts: usize) -> Vec<Self> {
        assert!(parts > 0, "a slice cannot be cut into 0 parts");
        let parts = parts.min(self.len);
        let cut = |part| fraction(self.len, part, parts);
        (0..parts)
            .map(|part| self.slice(cut(part)..cut(part + 1)))
            .collect()
    }

    /// Whether both show the same elements in memory, not only equal ones.
    #[must_use]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        std::ptr::eq(&raw const **self, &raw const **other)
    }

    /// Gives back the vector of [`from_vec`](Self::from_vec), with its capacity
    /// and without a copy.
    ///
    /// # Errors
    ///
    /// Returns the slice unchanged if it was not made from a vector, shows only a
    /// part of it, or is not the last to own it.
    pub fn try_into_vec(self) -> Result<Vec<T>, Self> {
        let Self { owner, start, len } = self;
        let owner = match owner {
            Owner::Vec(vec) if len == vec.0.len() => match Arc::try_unwrap(vec) {
                Ok(Apart(vec)) => return Ok(vec),
                Err(vec) => Owner::Vec(vec),
            },
            owner => owner,
        };
        Err(Self { owner, start, len })
    }
}

impl<T> Clone for SharedSlice<T> {
    fn clone(&self) -> Self {
        Self {
            owner: self.owner.clone(),
            ..*self
        }
    }
}

impl<T> Deref for SharedSlice<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.owner.all()[self.start..][..self.len]
    }
}

impl<T> AsRef<[T]> for SharedSlice<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

/// With `Eq` and `Hash` as the slice's own, a map keyed by `SharedSlice<u8>` is
/// searched with a `&[u8]`.
impl<T> Borrow<[T]> for SharedSlice<T> {
    fn borrow(&self) -> &[T] {
        self
    }
}

impl<T: Hash> Hash for SharedSlice<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: fmt::Debug> fmt::Debug for SharedSlice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: PartialEq> PartialEq for SharedSlice<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for SharedSlice<T> {}

impl<T: PartialEq> PartialEq<[T]> for SharedSlice<T> {
    fn eq(&self, other: &[T]) -> bool {
        **self == *other
    }
}

impl<T: PartialEq, const N: usize> PartialEq<[T; N]> for SharedSlice<T> {
    fn eq(&self, other: &[T; N]) -> bool {
        **self == *other
    }
}

impl<T> From<Vec<T>> for SharedSlice<T> {
    fn from(vec: Vec<T>) -> Self {
        Self::from_vec(vec)
    }
}

impl<T> From<Arc<[T]>> for SharedSlice<T> {
    fn from(slice: Arc<[T]>) -> Self {
        Self::from_arc(slice)
    }
}

impl<T> From<&'static [T]> for SharedSlice<T> {
    fn from(slice: &'static [T]) -> Self {
        Self::from_static(slice)
    }
}

impl<'a, T> IntoIterator for &'a SharedSlice<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The bounds of a range within a slice of length `len`.
///
/// # Panics
///
/// If the range is not within it.
pub(super) fn resolve(range: &impl RangeBounds<usize>, len: usize) -> Range<usize> {
    let after = |bound: usize| bound.checked_add(1).expect("a range ends within a usize");
    let start = match range.start_bound() {
        Bound::Included(&start) => start,
        Bound::Excluded(&before) => after(before),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => after(last),
        Bound::Excluded(&end) => end,
        Bound::Unbounded => len,
    };
    assert!(
        start <= end && end <= len,
        "range {start}..{end} is not within a slice of length {len}"
    );
    start..end
}
