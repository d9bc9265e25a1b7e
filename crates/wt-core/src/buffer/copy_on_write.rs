//! Writing to shared memory without anybody else noticing.

use wt_sync::sync::Arc;

use super::owner::{Apart, Owner};
use super::shared_slice::SharedSlice;

impl<T: Clone> SharedSlice<T> {
    /// Borrows the elements for writing: copy-on-write. Other slices never see
    /// the writes.
    ///
    /// If this is the last slice of a vector or of an `Arc<[T]>`, writes happen in
    /// place. If there are others, or the memory is not Rust's to change (a
    /// mapping, a static), the elements of this slice are copied first, and only
    /// they.
    ///
    /// # Panics
    ///
    /// If cloning an element does. The slice is then as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::buffer::SharedSlice;
    ///
    /// let mut mine = SharedSlice::from_vec(vec![1, 2, 3]);
    /// let yours = mine.clone();
    /// mine.make_mut()[0] = 7; // copies
    /// mine.make_mut()[1] = 8; // does not
    /// assert_eq!(mine, [7, 8, 3]);
    /// assert_eq!(yours, [1, 2, 3]);
    /// ```
    pub fn make_mut(&mut self) -> &mut [T] {
        if self.owner.all_mut().is_none() {
            *self = Self::from_vec(self.to_vec());
        }
        let Self { owner, start, len } = self;
        let all = owner.all_mut().expect("nobody shares a copy just made");
        &mut all[*start..][..*len]
    }

    /// The elements as a vector. Copies only if it must: if there are other
    /// slices, or the memory never was a vector.
    ///
    /// If this is the last slice of a vector, it is that vector, cut to the slice:
    /// the other elements are dropped, and those that follow a gap are moved to
    /// the front. [`try_into_vec`](Self::try_into_vec) never moves an element.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        let Self { owner, start, len } = self;
        let owner = match owner {
            Owner::Vec(vec) => match Arc::try_unwrap(vec) {
                Ok(Apart(mut vec)) => {
                    vec.truncate(start + len);
                    vec.drain(..start);
                    return vec;
                }
                Err(vec) => Owner::Vec(vec),
            },
            owner => owner,
        };
        owner.all()[start..][..len].to_vec()
    }
}
