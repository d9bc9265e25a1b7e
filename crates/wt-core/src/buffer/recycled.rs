//! A buffer that comes home.

use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};

use wt_sync::sync::Arc;

use super::buffer_pool::Home;
use super::shared_slice::SharedSlice;
use crate::limits::Permit;

/// A `Vec` on loan from a [`BufferPool`](super::BufferPool); empty when taken.
///
/// Its drop drops the elements and takes the memory home. A buffer that has grown
/// is cut back to the pool's capacity first, so the pool's memory is bounded by
/// what it was built with.
pub struct Buffer<T: 'static = u8> {
    elements: Vec<T>,
    home: Arc<Home<T>>,
    /// `None` for an extra buffer, which has no place to come home to.
    seat: Option<Permit>,
}

impl<T> Buffer<T> {
    pub(super) fn new(elements: Vec<T>, home: Arc<Home<T>>, seat: Option<Permit>) -> Self {
        Self {
            elements,
            home,
            seat,
        }
    }

    /// Takes the vector for good. The pool allocates another when it needs one.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<T> {
        mem::take(&mut self.elements)
    }
}

impl<T: Send + Sync + UnwindSafe + RefUnwindSafe> Buffer<T> {
    /// Shares the elements. No element is copied, and the buffer comes home when
    /// the last part of the slice is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::buffer::BufferPool;
    ///
    /// let buffers = BufferPool::new(1, 64);
    /// let mut buffer = buffers.take();
    /// buffer.extend_from_slice(b"one\ntwo\n");
    /// let parts = buffer.into_shared().split_lines(2);
    /// assert!(buffers.try_take().is_none());
    /// drop(parts);
    /// assert!(buffers.try_take().is_some());
    /// ```
    #[must_use]
    pub fn into_shared(self) -> SharedSlice<T> {
        SharedSlice::from_owner(Arc::new(Shared(self)) as _)
    }
}

/// A buffer whose elements do not change any more.
struct Shared<T: 'static>(Buffer<T>);

impl<T> Deref for Shared<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0.elements
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        if self.seat.is_some() {
            // If an element panics on drop, the memory is lost but not the seat: the next taker
            // allocates.
            self.home.keep(mem::take(&mut self.elements));
        }
        // The seat, a field, is given up last: whoever gets it finds the buffer on the shelf.
    }
}

impl<T> Deref for Buffer<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.elements
    }
}

impl<T> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.elements
    }
}

impl<T: fmt::Debug> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.elements, f)
    }
}
