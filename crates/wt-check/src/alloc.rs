//! Counting allocator: the system's, plus counters, plus a ceiling.
//!
//! Every program that links this crate uses it. The counters are kept per thread
//! and for the process; the harness's own threads are not counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);
static CEILING: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Counters of one thread. `const` and without a destructor, so that touching
/// them allocates nothing and is sound at any point of a thread's life.
struct Local {
    allocations: Cell<u64>,
    bytes: Cell<u64>,
    freed: Cell<u64>,
    live: Cell<i64>,
    peak: Cell<i64>,
    exempt: Cell<bool>,
    inside: Cell<bool>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            allocations: Cell::new(0),
            bytes: Cell::new(0),
            freed: Cell::new(0),
            live: Cell::new(0),
            peak: Cell::new(0),
            exempt: Cell::new(false),
            inside: Cell::new(false),
        }
    };
}

// SAFETY: every method forwards to `System` with the caller's own arguments and
// returns what `System` returned. The counters never allocate and never unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds `GlobalAlloc::alloc`'s contract.
        let pointer = inside(|| unsafe { System.alloc(layout) });
        count_alloc(pointer, layout.size());
        pointer
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds `GlobalAlloc::alloc_zeroed`'s contract.
        let pointer = inside(|| unsafe { System.alloc_zeroed(layout) });
        count_alloc(pointer, layout.size());
        pointer
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller upholds `GlobalAlloc::dealloc`'s contract.
        inside(|| unsafe { System.dealloc(pointer, layout) });
        count_free(layout.size());
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller upholds `GlobalAlloc::realloc`'s contract.
        let moved = inside(|| unsafe { System.realloc(pointer, layout, new_size) });
        if !moved.is_null() {
            // A reallocation may copy, so it counts as a new block and a free.
            count_free(layout.size());
            count_alloc(moved, new_size);
        }
        moved
    }
}

/// Runs `f` marked as "in the allocator", for `is_inside`.
fn inside<T>(f: impl FnOnce() -> T) -> T {
    let _ = LOCAL.try_with(|local| local.inside.set(true));
    let result = f();
    let _ = LOCAL.try_with(|local| local.inside.set(false));
    result
}

fn count_alloc(pointer: *mut u8, size: usize) {
    if pointer.is_null() {
        return;
    }
    let exempt = LOCAL.try_with(|local| {
        if local.exempt.get() {
            return true;
        }
        local.allocations.set(local.allocations.get() + 1);
        local.bytes.set(local.bytes.get() + size as u64);
        local.live.set(local.live.get() + size as i64);
        local.peak.set(local.peak.get().max(local.live.get()));
        false
    });
    if exempt == Ok(true) {
        return;
    }
    ALLOCATIONS.fetch_add(1, Relaxed);
    BYTES.fetch_add(size as u64, Relaxed);
    let live = LIVE.fetch_add(size as i64, Relaxed) + size as i64;
    PEAK.fetch_max(live, Relaxed);
    let ceiling = CEILING.load(Relaxed);
    if live > 0 && live as usize > ceiling {
        stop_over_memory(live as usize, ceiling);
    }
}

fn count_free(size: usize) {
    let exempt = LOCAL.try_with(|local| {
        if local.exempt.get() {
            return true;
        }
        local.freed.set(local.freed.get() + size as u64);
        local.live.set(local.live.get() - size as i64);
        false
    });
    if exempt == Ok(true) {
        return;
    }
    FREED.fetch_add(size as u64, Relaxed);
    LIVE.fetch_sub(size as i64, Relaxed);
}

#[cfg(unix)]
fn stop_over_memory(live: usize, ceiling: usize) {
    // If it could not be told now, the next allocation is over the ceiling, too.
    if crate::transcript::close_over_memory(live, ceiling) {
        // SAFETY: `_exit` takes no pointers and does not return.
        unsafe { libc::_exit(1) }
    }
}

#[cfg(not(unix))]
fn stop_over_memory(_live: usize, _ceiling: usize) {
    std::process::abort()
}

/// Ends the process with the verdict `over limit` once `bytes` are live at once.
/// 0 means no ceiling.
pub(crate) fn set_ceiling(bytes: usize) {
    CEILING.store(if bytes == 0 { usize::MAX } else { bytes }, Relaxed);
}

/// Leaves the calling thread, one of the harness's, out of every counter.
pub(crate) fn exempt_this_thread() {
    LOCAL.with(|local| local.exempt.set(true));
}

/// Whether the calling thread is in the middle of the system's allocator. A
/// signal handler that finds `true` must not allocate.
#[cfg(target_os = "linux")]
pub(crate) fn is_inside() -> bool {
    LOCAL.try_with(|local| local.inside.get()).unwrap_or(true)
}

/// Counts heap memory from the moment it is made: of the whole process, or of
/// the calling thread.
///
/// Sizes are the requested ones, in bytes. The harness's threads do not count.
/// Only one process-wide probe should be in use at a time, because starting one
/// starts the process's peak anew.
///
/// # Examples
///
/// ```
/// let probe = wt_check::AllocProbe::thread();
/// let buffer = vec![0_u8; 4096];
/// let copy = buffer.clone();
/// assert_eq!(probe.stats().bytes, 8192);
/// drop((buffer, copy));
/// assert_eq!(probe.stats().live, 0);
/// ```
#[derive(Debug)]
pub struct AllocProbe {
    start: AllocStats,
    whole_process: bool,
    /// A thread's counters mean nothing on another thread.
    not_send: PhantomData<*const ()>,
}

/// What an [`AllocProbe`] counted since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllocStats {
    /// Blocks allocated; a reallocation is one more.
    pub allocations: u64,
    /// Bytes allocated.
    pub bytes: u64,
    /// Bytes given back.
    pub freed: u64,
    /// Bytes allocated and not given back; negative when older memory was freed.
    pub live: i64,
    /// The largest value that `live` had.
    pub peak: i64,
}

impl AllocProbe {
    /// Counts every thread of the process, the harness's excepted.
    #[must_use]
    pub fn process() -> Self {
        PEAK.store(LIVE.load(Relaxed), Relaxed);
        Self {
            start: process_totals(),
            whole_process: true,
            not_send: PhantomData,
        }
    }

    /// Counts the calling thread alone.
    #[must_use]
    pub fn thread() -> Self {
        LOCAL.with(|local| local.peak.set(local.live.get()));
        Self {
            start: thread_totals(),
            whole_process: false,
            not_send: PhantomData,
        }
    }

    /// The counts since the probe was made.
    #[must_use]
    pub fn stats(&self) -> AllocStats {
        let now = if self.whole_process {
            process_totals()
        } else {
            thread_totals()
        };
        AllocStats {
            allocations: now.allocations - self.start.allocations,
            bytes: now.bytes - self.start.bytes,
            freed: now.freed - self.start.freed,
            live: now.live - self.start.live,
            peak: now.peak - self.start.live,
        }
    }
}

fn process_totals() -> AllocStats {
    AllocStats {
        allocations: ALLOCATIONS.load(Relaxed),
        bytes: BYTES.load(Relaxed),
        freed: FREED.load(Relaxed),
        live: LIVE.load(Relaxed),
        peak: PEAK.load(Relaxed),
    }
}

fn thread_totals() -> AllocStats {
    LOCAL.with(|local| AllocStats {
        allocations: local.allocations.get(),
        bytes: local.bytes.get(),
        freed: local.freed.get(),
        live: local.live.get(),
        peak: local.peak.get(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_counted_and_a_move_is_not() {
        let buffer = vec![7_u8; 10_000];
        let probe = AllocProbe::thread();
        let moved = buffer;
        assert_eq!(probe.stats().bytes, 0);
        let copy = moved.clone();
        assert_eq!(probe.stats().bytes, 10_000);
        assert_eq!(copy, moved);
    }

    #[test]
    fn the_peak_outlives_the_memory() {
        let probe = AllocProbe::thread();
        drop(vec![0_u8; 50_000]);
        let stats = probe.stats();
        assert_eq!((stats.peak, stats.live), (50_000, 0));
    }

    #[test]
    fn an_exempt_thread_is_not_counted() {
        let counted = std::thread::spawn(|| {
            exempt_this_thread();
            let probe = AllocProbe::thread();
            drop(vec![0_u8; 1 << 20]);
            probe.stats().bytes
        });
        assert_eq!(counted.join().unwrap(), 0);
    }

    #[test]
    fn growing_a_vector_counts_every_block_it_had() {
        let probe = AllocProbe::thread();
        let mut grown: Vec<u8> = Vec::with_capacity(100);
        grown.resize(1000, 1);
        assert!(probe.stats().bytes >= 1100, "{:?}", probe.stats());
    }
}
