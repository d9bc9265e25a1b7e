//! An allocation with exactly two owners: a queue's slot and a join handle.
//!
//! `Arc` counts any number of owners, and pays four atomic changes for two of
//! them: a clone, two drops, and its weak count. Two owners need one bit: the
//! first to leave sets it, and the second finds it set. That is a sixth of what
//! a job with a handle costs.

use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::ptr::NonNull;

use wt_sync::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// One of the two owners of a value.
pub(super) struct Half<T: ?Sized> {
    both: NonNull<Both<T>>,
    owns: PhantomData<Box<Both<T>>>,
}

pub(super) struct Both<T: ?Sized> {
    /// One owner has left: the other is alone.
    left: AtomicBool,
    value: T,
}

// SAFETY: as `Arc`: both owners see the value, and either may drop it.
unsafe impl<T: ?Sized + Send + Sync> Send for Half<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for Half<T> {}

// As `Arc`: shared access is all that it gives.
impl<T: ?Sized + RefUnwindSafe> UnwindSafe for Half<T> {}

impl<T> Half<T> {
    /// Both halves of a new value.
    pub(super) fn pair(value: T) -> (Self, Self) {
        let both = Box::new(Both {
            left: AtomicBool::new(false),
            value,
        });
        let both = NonNull::from(Box::leak(both));
        let half = || Self {
            both,
            owns: PhantomData,
        };
        (half(), half())
    }

    /// The value to be changed, if the other owner has left.
    pub(super) fn get_mut(&mut self) -> Option<&mut T> {
        if !self.is_alone() {
            return None;
        }
        // SAFETY: there is no other owner, and `&mut self` is this one.
        Some(unsafe { &mut self.both.as_mut().value })
    }

    /// The same half, seen as something more general.
    pub(super) fn map_type<U: ?Sized>(
        self,
        unsize: impl FnOnce(NonNull<Both<T>>) -> NonNull<Both<U>>,
    ) -> Half<U> {
        let both = unsize(std::mem::ManuallyDrop::new(self).both);
        Half {
            both,
            owns: PhantomData,
        }
    }
}

impl<T: ?Sized> Half<T> {
    fn is_alone(&self) -> bool {
        // SAFETY: this owner has not left, so the allocation is there.
        unsafe { self.both.as_ref() }.left.load(SeqCst)
    }
}

impl<T: ?Sized> Deref for Half<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this owner has not left, so the value is there; nobody changes it, since
        // `get_mut` asks for both halves, one gone and one exclusive.
        unsafe { &self.both.as_ref().value }
    }
}

impl<T: ?Sized> Drop for Half<T> {
    fn drop(&mut self) {
        // SAFETY: this owner has not left yet.
        let left = &unsafe { self.both.as_ref() }.left;
        // A load is cheaper than a swap, and enough for the second one.
        if left.load(SeqCst) || left.swap(true, SeqCst) {
            // SAFETY: the other owner has left and does not come back, so this is the last use of
            // what `pair` took from the box. Its leaving, seen here, comes after all its uses.
            drop(unsafe { Box::from_raw(self.both.as_ptr()) });
        }
    }
}
