//! A burst leaves nothing behind: its memory goes back when it is received.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

use wt_core::port;

#[global_allocator]
static ALLOCATOR: Live = Live;

/// The system's allocator, with a count of the bytes that are in use.
struct Live;

static BYTES: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call goes to `System` unchanged; counting allocates nothing.
unsafe impl GlobalAlloc for Live {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises of `dealloc`, and `block` came from `System`.
        unsafe { System.dealloc(block, layout) }
    }
}

#[test]
fn the_memory_of_a_burst_goes_back() {
    const BURST: usize = if cfg!(miri) { 10_000 } else { 1_000_000 };
    let (main, worker) = port::pair::<u64, ()>();
    let before = BYTES.load(Ordering::Relaxed);
    let in_use = || BYTES.load(Ordering::Relaxed) - before;
    (0..BURST as u64).for_each(|n| main.send(n).unwrap());
    assert!(in_use() >= (BURST * 8) as isize);
    for _ in 0..BURST {
        worker.recv().unwrap();
    }
    // One small buffer per side may stay.
    assert!(
        in_use() <= 2 * 8 * 4096,
        "{} bytes are still in use",
        in_use()
    );
    main.send(1).unwrap();
    assert_eq!(worker.recv(), Ok(1));
}
