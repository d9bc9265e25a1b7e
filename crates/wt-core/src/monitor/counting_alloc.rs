//! An allocator that counts what metered threads allocate.

use std::alloc::{GlobalAlloc, Layout, System};

use super::memory;

/// A global allocator that leaves the work to another one and counts, for each
/// thread that has a [`MemoryMeter`](super::MemoryMeter), what it allocates and
/// frees.
///
/// It costs a thread without a meter one read of a thread-local variable per
/// call, and one with a meter a few additions; threads share no counter. It needs
/// thread-local variables that the platform itself provides, as all of Rust's
/// tier 1 platforms do.
///
/// # Examples
///
/// ```
/// use wt_core::monitor::{CountingAlloc, MemoryMeter};
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAlloc = CountingAlloc::system();
///
/// let meter = MemoryMeter::start().expect("the counting allocator is installed");
/// let buffer = vec![0_u8; 1000];
/// assert_eq!(meter.usage().live(), 1000);
/// drop(buffer);
/// assert_eq!((meter.usage().live(), meter.usage().peak), (0, 1000));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct CountingAlloc<A = System> {
    inner: A,
}

impl CountingAlloc {
    /// Counts what goes to the system's allocator.
    #[must_use]
    pub const fn system() -> Self {
        Self::over(System)
    }
}

impl<A> CountingAlloc<A> {
    /// Counts what goes to `inner`.
    #[must_use]
    pub const fn over(inner: A) -> Self {
        Self { inner }
    }
}

// SAFETY: every method forwards to an allocator with the caller's own arguments, and returns what
// it returned. Counting neither allocates nor unwinds.
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAlloc<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        let block = unsafe { self.inner.alloc(layout) };
        if !block.is_null() {
            memory::count(layout.size(), 0);
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        let block = unsafe { self.inner.alloc_zeroed(layout) };
        if !block.is_null() {
            memory::count(layout.size(), 0);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { self.inner.dealloc(block, layout) };
        memory::count(0, layout.size());
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `realloc`.
        let moved = unsafe { self.inner.realloc(block, layout, new_size) };
        if !moved.is_null() {
            // It may have been copied, so it counts as a new block.
            memory::count(new_size, layout.size());
        }
        moved
    }
}
