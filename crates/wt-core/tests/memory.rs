//! Counting what a thread allocates.

use std::alloc::{GlobalAlloc, Layout};
use std::hint;
use std::sync::mpsc;
use std::thread;

use wt_core::monitor::{CountingAlloc, MemoryMeter};

#[global_allocator]
static ALLOCATOR: CountingAlloc = CountingAlloc::system();

/// Memory that the compiler does not find out to be unused.
fn bytes(len: usize) -> Vec<u8> {
    hint::black_box(vec![0; len])
}

#[test]
fn only_the_metered_thread_is_counted_and_any_thread_may_read() {
    let (tx, rx) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let meter = MemoryMeter::start().unwrap();
        let before = meter.usage();
        let buffer = bytes(5000);
        assert_eq!(meter.usage().allocated - before.allocated, 5000);
        assert_eq!(meter.usage().allocations - before.allocations, 1);
        tx.send(meter.reader()).unwrap();
        wait.recv().unwrap();
        drop(buffer);
    });
    let reader = rx.recv().unwrap();
    let other = bytes(100_000);
    let usage = reader.usage();
    assert!((5000..10_000).contains(&usage.live()), "{usage:?}");
    go.send(()).unwrap();
    thread.join().unwrap();
    let usage = reader.usage();
    assert!(usage.live() < 5000 && usage.peak >= 5000, "{usage:?}");
    drop(other);
}

#[test]
fn memory_freed_elsewhere_is_counted_where_it_is_freed() {
    let buffer = bytes(7000);
    let live = thread::spawn(move || {
        let meter = MemoryMeter::start().unwrap();
        drop(buffer);
        meter.usage().live()
    });
    assert_eq!(live.join().unwrap(), -7000);
}

#[test]
fn a_thread_has_one_meter_at_a_time() {
    let first = MemoryMeter::start().unwrap();
    assert!(MemoryMeter::start().is_none());
    let kept = bytes(10);
    drop(first);
    let second = MemoryMeter::start().unwrap();
    assert_eq!(second.usage().allocated, 0, "it counts from 0");
    drop(kept);
}

#[test]
#[cfg_attr(miri, ignore = "it leaks, as it says")]
fn a_forgotten_meter_keeps_its_counters_alive() {
    let meter = MemoryMeter::start().unwrap();
    let reader = meter.reader();
    std::mem::forget(meter);
    let before = reader.usage().allocated;
    drop(bytes(10));
    assert_eq!(reader.usage().allocated, before + 10);
    assert!(MemoryMeter::start().is_none());
}

#[test]
fn the_peak_can_be_started_anew() {
    let meter = MemoryMeter::start().unwrap();
    let reader = meter.reader();
    let kept = bytes(1000);
    drop(bytes(9000));
    assert_eq!(reader.usage().peak, 10_000);
    assert_eq!(reader.reset_peak(), 10_000);
    assert_eq!(reader.usage().peak, 1000);
    drop(bytes(500));
    assert_eq!(reader.reset_peak(), 1500);
    drop(kept);
}

#[test]
fn growing_counts_every_block_that_a_vector_had() {
    let meter = MemoryMeter::start().unwrap();
    let mut vec: Vec<u8> = Vec::with_capacity(100);
    vec.resize(1000, 1);
    let usage = meter.usage();
    assert_eq!(usage.allocated, 1100);
    assert_eq!(
        (usage.live(), usage.peak, usage.allocations),
        (1000, 1000, 2)
    );
    vec.truncate(10);
    vec.shrink_to_fit();
    assert_eq!(meter.usage().live(), 10);
}

#[test]
fn zeroed_and_aligned_blocks_are_counted_too() {
    let meter = MemoryMeter::start().unwrap();
    let layout = Layout::from_size_align(4096, 512).unwrap();
    // SAFETY: the layout is not of size 0, and the block is freed once, with it.
    let zeroed = unsafe {
        let block = ALLOCATOR.alloc_zeroed(layout);
        let zeroed = (0..4096).all(|i| *block.add(i) == 0);
        ALLOCATOR.dealloc(block, layout);
        zeroed
    };
    assert!(zeroed);
    let usage = meter.usage();
    assert_eq!((usage.allocated, usage.live()), (4096, 0));
}

#[test]
fn a_failed_allocation_is_not_counted() {
    struct Nothing;
    // SAFETY: it hands out no memory, so there is none to be wrong about.
    unsafe impl GlobalAlloc for Nothing {
        unsafe fn alloc(&self, _: Layout) -> *mut u8 {
            std::ptr::null_mut()
        }
        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }
    let empty = CountingAlloc::over(Nothing);
    let meter = MemoryMeter::start().unwrap();
    let layout = Layout::new::<u64>();
    // SAFETY: the layout is not of size 0.
    let blocks = unsafe { [empty.alloc(layout), empty.alloc_zeroed(layout)] };
    assert!(blocks.iter().all(|block| block.is_null()));
    assert_eq!(meter.usage().allocations, 0);
}
