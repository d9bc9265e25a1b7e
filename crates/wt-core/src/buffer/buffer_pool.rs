//! Buffers that come home: a bounded free list. Also known as a slab of buffers,
//! an object pool, or, with two buffers, double buffering.

use std::fmt;
use std::mem;

use wt_sync::sync::{Arc, Mutex, MutexGuard};
use wt_sync::time::Duration;

use super::recycled::Buffer;
use crate::limits::{Budget, Permit};

/// A bounded number of buffers that are used again and again.
///
/// A [`Buffer`] is a `Vec` that comes home when it is dropped, also while a panic
/// unwinds. Once all are out, [`take`](Self::take) waits for one: that is
/// backpressure on whoever fills buffers faster than others empty them. Takers
/// are served in the order in which they came. Nothing is allocated before it is
/// needed.
///
/// A clone is another handle to the same buffers. A job that takes a second
/// buffer while it holds one may wait for ever, if all others do the same.
///
/// # Examples
///
/// Double buffering: while a worker empties one buffer, the caller fills the
/// other, and the two are all the memory that a file of any length needs.
///
/// ```
/// use std::io::Read;
/// use wt_core::buffer::BufferPool;
/// use wt_core::pool::Pool;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::new(1)?;
/// let buffers = BufferPool::<u8>::new(2, 4096);
/// let mut input = std::io::repeat(7).take(100_000);
/// let mut sums = Vec::new();
/// loop {
///     let mut buffer = buffers.take(); // waits while both are out
///     (&mut input).take(4096).read_to_end(&mut buffer)?;
///     if buffer.is_empty() {
///         break;
///     }
///     sums.push(pool.submit(move || buffer.iter().map(|&b| u64::from(b)).sum::<u64>())?);
/// }
/// let mut sum = 0;
/// for part in sums {
///     sum += part.join()?;
/// }
/// assert_eq!(sum, 700_000);
/// assert!(buffers.stats().allocated <= 2);
/// # Ok(())
/// # }
/// ```
pub struct BufferPool<T: 'static = u8> {
    home: Arc<Home<T>>,
}

/// The counters of a [`BufferPool`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BufferStats {
    /// How many buffers there may be, extra ones not counted.
    pub buffers: usize,
    /// How many are out now.
    pub in_use: usize,
    /// The most that were out at one moment.
    pub peak: usize,
    /// How many are home, allocated and ready.
    pub home: usize,
    /// How many takers wait now.
    pub waiting: usize,
    /// Takes that had to allocate.
    pub allocated: u64,
    /// Takes that did not.
    pub reused: u64,
    /// Takes beyond the bound, by
    /// [`take_or_allocate`](BufferPool::take_or_allocate).
    pub extra: u64,
}

/// Where buffers come home to.
pub(super) struct Home<T> {
    capacity: usize,
    /// One unit is the right to have one buffer.
    seats: Budget,
    shelf: Mutex<Shelf<T>>,
}

struct Shelf<T> {
    /// The last to come home is the first to go: it is most likely still cached.
    buffers: Vec<Vec<T>>,
    allocated: u64,
    reused: u64,
    extra: u64,
}

impl<T> BufferPool<T> {
    /// Room for `buffers` buffers of `capacity` elements each.
    ///
    /// # Panics
    ///
    /// If either is 0: nothing could ever be taken, or used again.
    #[must_use]
    pub fn new(buffers: usize, capacity: usize) -> Self {
        assert!(buffers > 0, "a pool of 0 buffers has none to give");
        assert!(
            capacity > 0,
            "a buffer of capacity 0 has nothing to use again"
        );
        let shelf = Shelf {
            buffers: Vec::new(),
            allocated: 0,
            reused: 0,
            extra: 0,
        };
        Self {
            home: Arc::new(Home {
                capacity,
                seats: Budget::new(buffers),
                shelf: Mutex::new(shelf),
            }),
        }
    }

    /// Takes an empty buffer. Blocks while all are out, until one comes home and
    /// all who asked before have theirs.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the seats are never closed")]
    pub fn take(&self) -> Buffer<T> {
        let seat = self.home.seats.acquire(1);
        self.seated(seat.expect("one seat is there, and the seats are never closed"))
    }

    /// As [`take`](Self::take), but gives up after `timeout`.
    #[must_use]
    pub fn take_timeout(&self, timeout: Duration) -> Option<Buffer<T>> {
        let seat = self.home.seats.acquire_timeout(1, timeout).ok()?;
        Some(self.seated(seat))
    }

    /// Takes an empty buffer if one is home now and nobody waits for it.
    #[must_use]
    pub fn try_take(&self) -> Option<Buffer<T>> {
        let seat = self.home.seats.try_acquire(1).ok()?;
        Some(self.seated(seat))
    }

    /// Takes an empty buffer, and never waits: once all are out, it allocates an
    /// extra one, which is freed when it is dropped.
    #[must_use]
    pub fn take_or_allocate(&self) -> Buffer<T> {
        self.try_take().unwrap_or_else(|| {
            self.home.shelf().extra += 1;
            self.home
                .buffer(Vec::with_capacity(self.home.capacity), None)
        })
    }

    /// The counters, read one after the other.
    #[must_use]
    pub fn stats(&self) -> BufferStats {
        let seats = self.home.seats.stats();
        let shelf = self.home.shelf();
        BufferStats {
            buffers: seats.total,
            in_use: seats.in_use,
            peak: seats.peak,
            home: shelf.buffers.len(),
            waiting: seats.waiting,
            allocated: shelf.allocated,
            reused: shelf.reused,
            extra: shelf.extra,
        }
    }

    /// Frees the buffers that are home. Those that are out come home as ever.
    pub fn clear(&self) {
        let buffers = mem::take(&mut self.home.shelf().buffers);
        drop(buffers);
    }

    fn seated(&self, seat: Permit) -> Buffer<T> {
        let elements = self.home.shelf().reuse();
        // Allocates without the lock, because a large buffer may take a while.
        let elements = elements.unwrap_or_else(|| Vec::with_capacity(self.home.capacity));
        self.home.buffer(elements, Some(seat))
    }
}

impl<T> Home<T> {
    fn buffer(self: &Arc<Self>, elements: Vec<T>, seat: Option<Permit>) -> Buffer<T> {
        Buffer::new(elements, Arc::clone(self), seat)
    }

    /// Keeps the memory of a buffer for the next taker.
    pub(super) fn keep(&self, mut elements: Vec<T>) {
        // Foreign code, so not under the lock.
        elements.clear();
        if elements.capacity() > self.capacity {
            elements.shrink_to(self.capacity);
        }
        // Somebody may have swapped the vector for another one.
        if elements.capacity() >= self.capacity {
            self.shelf().buffers.push(elements);
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf<T>> {
        self.shelf
            .lock()
            .expect("no foreign code runs under the lock of the shelf")
    }
}

impl<T> Shelf<T> {
    fn reuse(&mut self) -> Option<Vec<T>> {
        let buffer = self.buffers.pop();
        match buffer {
            Some(_) => self.reused += 1,
            None => self.allocated += 1,
        }
        buffer
    }
}

impl<T> Clone for BufferPool<T> {
    fn clone(&self) -> Self {
        Self {
            home: Arc::clone(&self.home),
        }
    }
}

impl<T> fmt::Debug for BufferPool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BufferPool").field(&self.stats()).finish()
    }
}
