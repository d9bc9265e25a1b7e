//! What a run costs besides time: allocations, and CPU time of all threads.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// From this size on an allocation is taken for a copy of a buffer.
pub const LARGE: usize = 1 << 20;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The system's allocator, which counts while it is asked to. Otherwise it costs
/// one read of a flag that no one writes, for every contender alike.
struct Counting;

static ON: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);
static LARGE_BYTES: AtomicU64 = AtomicU64::new(0);

/// What was allocated, by all threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allocated {
    /// Calls of the allocator, growing included.
    pub times: u64,
    /// Bytes in allocations of at least [`LARGE`].
    pub large_bytes: u64,
}

/// Counts what all threads allocate while `f` runs. One call at a time.
pub fn allocations<R>(f: impl FnOnce() -> R) -> (R, Allocated) {
    ALLOCATIONS.store(0, Ordering::Relaxed);
    LARGE_BYTES.store(0, Ordering::Relaxed);
    ON.store(true, Ordering::SeqCst);
    let result = f();
    ON.store(false, Ordering::SeqCst);
    let allocated = Allocated {
        times: ALLOCATIONS.load(Ordering::Relaxed),
        large_bytes: LARGE_BYTES.load(Ordering::Relaxed),
    };
    (result, allocated)
}

/// How many bytes are in use beyond what was when counting began.
#[derive(Debug, Clone, Copy, Default)]
pub struct Held {
    /// At most, at one moment.
    pub peak: i64,
    /// At the end.
    pub left: i64,
}

/// Counts what all threads hold while `f` runs. One call at a time. What was there
/// before and is freed meanwhile counts as less than nothing.
pub fn held<R>(f: impl FnOnce() -> R) -> (R, Held) {
    LIVE.store(0, Ordering::Relaxed);
    PEAK.store(0, Ordering::Relaxed);
    let (result, _) = allocations(f);
    let held = Held {
        peak: PEAK.load(Ordering::Relaxed),
        left: LIVE.load(Ordering::Relaxed),
    };
    (result, held)
}

/// The CPU time of this process so far, where the system tells.
#[cfg(unix)]
#[must_use]
pub fn cpu_time() -> Option<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for the answer, and outlives the call.
    let code = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanos = u32::try_from(time.tv_nsec).ok()?;
    (code == 0).then(|| Duration::new(seconds, nanos))
}

/// The CPU time of this process so far, where the system tells.
#[cfg(not(unix))]
#[must_use]
pub fn cpu_time() -> Option<Duration> {
    None
}

/// A block of `size` bytes is asked for, in place of one of `freed` bytes.
fn note(size: usize, freed: usize) {
    if ON.load(Ordering::Relaxed) {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        if size >= LARGE {
            LARGE_BYTES.fetch_add(size as u64, Ordering::Relaxed);
        }
        let more = size as i64 - freed as i64;
        let live = LIVE.fetch_add(more, Ordering::Relaxed) + more;
        PEAK.fetch_max(live, Ordering::Relaxed);
    }
}

fn note_freed(size: usize) {
    if ON.load(Ordering::Relaxed) {
        LIVE.fetch_sub(size as i64, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to `System` unchanged, and `note` does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: the caller keeps the promises of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size, layout.size());
        // SAFETY: the caller keeps the promises of `realloc`, and `block` came from `System`.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        note_freed(layout.size());
        // SAFETY: the caller keeps the promises of `dealloc`, and `block` came from `System`.
        unsafe { System.dealloc(block, layout) }
    }
}
