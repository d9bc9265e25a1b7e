//! A buffer for several workers: what is copied, and how much memory it takes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use wt_core::buffer::SharedSlice;
use wt_core::pool::Pool;

/// Counts blocks that can hold a buffer, and passes everything on to the system.
pub(crate) struct LargeBlocks;

const LARGE: usize = 1 << 20;
static MADE: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator as it came; the
// counters touch no memory of it.
unsafe impl GlobalAlloc for LargeBlocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= LARGE {
            MADE.fetch_add(layout.size(), Ordering::SeqCst);
            let live = LIVE.fetch_add(layout.size(), Ordering::SeqCst) + layout.size();
            PEAK.fetch_max(live, Ordering::SeqCst);
        }
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if layout.size() >= LARGE {
            LIVE.fetch_sub(layout.size(), Ordering::SeqCst);
        }
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) }
    }
}

pub(crate) fn records() -> Vec<String> {
    let mut records = Vec::new();
    for size in [LARGE, 3 * LARGE] {
        for workers in [1, 3, 4] {
            for (way, give) in [("copy", copy as Give), ("move", hand_on), ("share", share)] {
                let pool = Pool::new(workers).unwrap();
                let buffer = vec![b'x'; size];
                let made = MADE.load(Ordering::SeqCst);
                PEAK.store(LIVE.load(Ordering::SeqCst), Ordering::SeqCst);
                let at_once = give(&pool, buffer, workers);
                let copied = MADE.load(Ordering::SeqCst) - made;
                let peak = PEAK.load(Ordering::SeqCst);
                records.push(format!(
                    "{{\"way\": \"{way}\", \"size\": {size}, \"workers\": {workers}, \
                     \"copied\": {copied}, \"peak\": {peak}, \"atOnce\": {at_once}}}"
                ));
            }
        }
    }
    records
}

/// Gives the buffer to all workers; returns how many had it at the same time.
type Give = fn(&Pool, Vec<u8>, usize) -> usize;

fn copy(pool: &Pool, buffer: Vec<u8>, workers: usize) -> usize {
    together(pool, workers, |_| buffer.clone())
}

fn share(pool: &Pool, buffer: Vec<u8>, workers: usize) -> usize {
    let slice = SharedSlice::from_vec(buffer);
    together(pool, workers, |_| slice.clone())
}

/// From worker to worker: whoever has it has it alone.
fn hand_on(pool: &Pool, mut buffer: Vec<u8>, workers: usize) -> usize {
    for _ in 0..workers {
        let address = buffer.as_ptr() as usize;
        let job = pool.submit(move || {
            assert_eq!(buffer.as_ptr() as usize, address, "it is another buffer");
            buffer[0] ^= 1;
            buffer
        });
        buffer = job.unwrap().join().unwrap();
    }
    1
}

/// Each worker has one, and none goes on before all have.
fn together<B: AsRef<[u8]> + Send>(
    pool: &Pool,
    workers: usize,
    give: impl Fn(usize) -> B,
) -> usize {
    let all_here = Barrier::new(workers);
    let here = AtomicUsize::new(0);
    pool.scope(|scope| {
        for n in 0..workers {
            let buffer = give(n);
            let (all_here, here) = (&all_here, &here);
            scope.spawn(move || {
                here.fetch_add(usize::from(buffer.as_ref()[1] == b'x'), Ordering::SeqCst);
                all_here.wait();
                drop(buffer);
            });
        }
    });
    here.load(Ordering::SeqCst)
}
