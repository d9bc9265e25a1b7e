//! Parts of equal size, as an iterator.

use std::fmt;
use std::iter::FusedIterator;

use super::shared_slice::SharedSlice;

/// The parts of [`SharedSlice::chunks`].
#[derive(Clone)]
pub struct Chunks<T: 'static> {
    rest: SharedSlice<T>,
    size: usize,
}

impl<T> Chunks<T> {
    pub(super) fn new(rest: SharedSlice<T>, size: usize) -> Self {
        Self { rest, size }
    }
}

impl<T> Iterator for Chunks<T> {
    type Item = SharedSlice<T>;

    fn next(&mut self) -> Option<SharedSlice<T>> {
        if self.rest.is_empty() {
            return None;
        }
        let (chunk, rest) = self.rest.split_at(self.size.min(self.rest.len()));
        self.rest = rest;
        Some(chunk)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rest.len().div_ceil(self.size);
        (left, Some(left))
    }
}

impl<T> ExactSizeIterator for Chunks<T> {}
impl<T> FusedIterator for Chunks<T> {}

impl<T> fmt::Debug for Chunks<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks").field("left", &self.len()).finish()
    }
}
