//! What one thread allocates.
//!
//! Only the thread itself writes its counters, so they need no atomic addition;
//! they are atomic so that others may read them. They are std's own, not the
//! façade's: an allocator must not call anything that may allocate.

use std::cell::Cell;
use std::fmt;
use std::hint;
use std::marker::PhantomData;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// The counters of a thread.
#[derive(Default)]
struct Counters {
    allocations: AtomicU64,
    allocated: AtomicU64,
    freed: AtomicU64,
    peak: AtomicI64,
}

thread_local! {
    /// The counters of this thread, or null if it has no meter. `const` and
    /// without a destructor, so that the allocator may use it at any time.
    static CURRENT: Cell<*const Counters> = const { Cell::new(ptr::null()) };
}

/// Counts `allocated` and `freed` bytes for the calling thread, if it has a
/// meter. Called by the allocator: must not allocate.
pub(super) fn count(allocated: usize, freed: usize) {
    CURRENT.with(|current| {
        let counters = current.get();
        if !counters.is_null() {
            // SAFETY: `MemoryMeter::start` has set the pointer on this thread, to counters that the
            // meter keeps alive. Its drop takes the pointer back first, on this thread too, because
            // a meter is not `Send`. A meter that is forgotten keeps them alive for ever.
            unsafe { &*counters }.count(allocated as u64, freed as u64);
        }
    });
}

impl Counters {
    fn count(&self, allocated: u64, freed: u64) {
        let add = |counter: &AtomicU64, n| {
            let sum = counter.load(Relaxed) + n;
            counter.store(sum, Relaxed);
            sum
        };
        let allocated_now = add(&self.allocated, allocated);
        let freed_now = add(&self.freed, freed);
        if allocated > 0 {
            add(&self.allocations, 1);
            let live = allocated_now.wrapping_sub(freed_now) as i64;
            if live > self.peak.load(Relaxed) {
                // Not a plain store, because `reset_peak` writes it too.
                self.peak.fetch_max(live, Relaxed);
            }
        }
    }

    fn usage(&self) -> MemoryUse {
        MemoryUse {
            allocations: self.allocations.load(Relaxed),
            allocated: self.allocated.load(Relaxed),
            freed: self.freed.load(Relaxed),
            peak: self.peak.load(Relaxed),
        }
    }
}

/// What a thread has allocated since its meter was started.
///
/// Memory is counted where it is allocated and where it is freed. A thread that
/// frees what others have allocated, as the receiver of messages does, has fewer
/// live bytes than it uses, and perhaps less than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MemoryUse {
    /// Blocks allocated; a reallocation is one more.
    pub allocations: u64,
    /// Bytes allocated.
    pub allocated: u64,
    /// Bytes freed.
    pub freed: u64,
    /// The most that [`live`](Self::live) has been, since the start or the last
    /// [`reset_peak`](MemoryReader::reset_peak).
    pub peak: i64,
}

impl MemoryUse {
    /// Bytes allocated and not freed.
    #[must_use]
    pub fn live(&self) -> i64 {
        self.allocated.wrapping_sub(self.freed) as i64
    }
}

/// Counts what the calling thread allocates, until it is dropped.
///
/// It needs [`CountingAlloc`](super::CountingAlloc), which has an example. It
/// stays on its thread; a [`reader`](Self::reader) may go to others.
///
/// ```compile_fail,E0277
/// fn send<T: Send>(_: T) {}
/// send(wt_core::monitor::MemoryMeter::start());
/// ```
pub struct MemoryMeter {
    counters: Arc<Counters>,
    not_send: PhantomData<*const ()>,
}

/// Reads a [`MemoryMeter`] from any thread. After the meter's end it shows its
/// last values.
#[derive(Clone)]
pub struct MemoryReader {
    counters: Arc<Counters>,
}

impl MemoryMeter {
    /// Starts to count, from 0. `None` if the program does not use
    /// [`CountingAlloc`](super::CountingAlloc), or this thread has a meter
    /// already.
    #[must_use]
    pub fn start() -> Option<Self> {
        if !CURRENT.get().is_null() {
            return None;
        }
        let is_counting = {
            let probe = Self::install();
            drop(hint::black_box(Box::new(0_u8)));
            probe.usage().allocations > 0
        };
        is_counting.then(Self::install)
    }

    fn install() -> Self {
        let counters = Arc::new(Counters::default());
        CURRENT.set(Arc::as_ptr(&counters));
        Self {
            counters,
            not_send: PhantomData,
        }
    }

    /// The counts so far.
    #[must_use]
    pub fn usage(&self) -> MemoryUse {
        self.counters.usage()
    }

    /// A reader for other threads.
    #[must_use]
    pub fn reader(&self) -> MemoryReader {
        MemoryReader {
            counters: Arc::clone(&self.counters),
        }
    }
}

impl Drop for MemoryMeter {
    fn drop(&mut self) {
        // Before the counters can go.
        CURRENT.set(ptr::null());
    }
}

impl MemoryReader {
    /// The counts so far. While the thread is allocating, the fields may be one
    /// allocation apart.
    #[must_use]
    pub fn usage(&self) -> MemoryUse {
        self.counters.usage()
    }

    /// Starts the peak anew, from what is live now, and returns the old one.
    pub fn reset_peak(&self) -> i64 {
        let live = self.usage().live();
        self.counters.peak.swap(live, Relaxed).max(live)
    }
}

impl fmt::Debug for MemoryMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryMeter").field(&self.usage()).finish()
    }
}

impl fmt::Debug for MemoryReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryReader").field(&self.usage()).finish()
    }
}
