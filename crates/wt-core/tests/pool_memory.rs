//! What a job costs in memory, counted by an allocator of this file.
//!
//! One test, because the counts are of the whole process.
#![cfg(not(miri))]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;

use wt_core::pool::{Pool, RejectionPolicy};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        LIVE.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A worker that is held at a gate, so that jobs pile up, and its sender.
fn held() -> (Pool, mpsc::Sender<()>) {
    let pool = Pool::builder()
        .workers(1)
        .queue(2_000_000, RejectionPolicy::Block)
        .build()
        .unwrap();
    let (open, gate) = mpsc::channel::<()>();
    let (begun, begins) = mpsc::channel();
    pool.submit_detached(move || {
        begun.send(()).unwrap();
        assert!(gate.recv().is_err());
    })
    .unwrap();
    begins.recv().unwrap();
    (pool, open)
}

/// How many allocations `jobs` calls of `submit` take, and running their jobs.
fn cost(jobs: u64, submit: impl Fn(&Pool, u64)) -> f64 {
    let (pool, open) = held();
    let before = ALLOCATIONS.load(Relaxed);
    (0..jobs).for_each(|number| submit(&pool, number));
    drop(open);
    pool.submit(|| ()).unwrap().join().unwrap();
    let allocations = ALLOCATIONS.load(Relaxed) - before;
    allocations as f64 / jobs as f64
}

#[test]
fn a_job_costs_what_the_docs_say_and_a_burst_leaves_nothing() {
    // The queue itself grows and shrinks now and then, so the cost is a little above the whole number.
    let spare = 0.01;
    let small = cost(10_000, |pool, number| {
        let capture = [number; 6];
        let job = move || {
            std::hint::black_box(capture);
        };
        assert_eq!(size_of_val(&job), 48);
        pool.submit_detached(job).unwrap();
    });
    assert!(small <= spare, "detached: {small} allocations per job");
    let large = cost(10_000, |pool, number| {
        let capture = [number; 7];
        let job = move || {
            std::hint::black_box(capture);
        };
        pool.submit_detached(job).unwrap();
    });
    assert!(large <= 1.0 + spare, "boxed: {large} allocations per job");
    let handle = cost(10_000, |pool, number| {
        drop(pool.submit(move || number).unwrap());
    });
    assert!(
        handle <= 1.0 + spare,
        "handle: {handle} allocations per job"
    );

    let (pool, open) = held();
    let before = LIVE.load(Relaxed);
    for number in 0..1_000_000_u64 {
        let job = move || {
            std::hint::black_box(number);
        };
        pool.submit_detached(job).unwrap();
    }
    let peak = LIVE.load(Relaxed) - before;
    assert!(peak >= 64_000_000, "a million jobs in {peak} bytes");
    drop(open);
    pool.submit(|| ()).unwrap().join().unwrap();
    let left = LIVE.load(Relaxed).saturating_sub(before);
    assert!(left <= 200_000, "{left} bytes are left of the burst");
}
