//! What copies nothing, shown by counting what is allocated.
//!
//! A copy needs memory to be copied to. So each operation runs on a small and on
//! a large buffer, and must allocate the same for both.

mod deadline;

use std::fs;
use std::thread;

use deadline::within_patience;
use wt_core::buffer::{BufferPool, Mapping, SharedSlice};
use wt_core::limits::Budget;
use wt_core::monitor::{CountingAlloc, MemoryMeter};
use wt_core::port;

#[global_allocator]
static ALLOCATOR: CountingAlloc = CountingAlloc::system();

const SMALL: usize = 1 << 10;
const LARGE: usize = if cfg!(miri) { 1 << 14 } else { 1 << 24 };

/// The bytes that the calling thread allocates in `f`.
fn allocated_in<R>(f: impl FnOnce() -> R) -> u64 {
    let meter = MemoryMeter::start().expect("this program counts allocations");
    let result = f();
    let allocated = meter.usage().allocated;
    drop(result);
    allocated
}

/// Runs `f` on a slice of each size, which must make no difference. Gives what
/// was allocated.
#[track_caller]
fn same_for_any_size<R>(f: impl Fn(SharedSlice<u8>) -> R) -> u64 {
    let small = SharedSlice::from_vec(vec![b'x'; SMALL]);
    let large = SharedSlice::from_vec(vec![b'x'; LARGE]);
    let small = allocated_in(|| f(small));
    let large = allocated_in(|| f(large));
    assert_eq!(small, large, "bytes allocated for {SMALL} and for {LARGE}");
    small
}

#[test]
fn a_copy_is_noticed() {
    let slice = SharedSlice::from_vec(vec![b'x'; SMALL]);
    assert_eq!(allocated_in(|| slice.to_vec()), SMALL as u64);
}

#[test]
fn cloning_and_slicing_allocate_nothing() {
    assert_eq!(same_for_any_size(|slice| slice.clone()), 0);
    assert_eq!(same_for_any_size(|slice| slice.slice(10..100)), 0);
    assert_eq!(same_for_any_size(|slice| slice.split_at(10)), 0);
    assert_eq!(same_for_any_size(|slice| slice.chunks(100).nth(3)), 0);
    assert_eq!(same_for_any_size(|slice| slice.into_vec()), 0);
    assert_eq!(same_for_any_size(|slice| slice.try_into_vec()), 0);
    let write = |mut slice: SharedSlice<u8>| slice.make_mut()[0] = 1;
    assert_eq!(same_for_any_size(write), 0);
}

#[test]
fn cutting_and_casting_allocate_the_same_for_any_size() {
    same_for_any_size(|slice| slice.split(8));
    same_for_any_size(|slice| slice.split_lines(8));
    same_for_any_size(|slice| slice.split_fixed(8, 16).unwrap());
    same_for_any_size(|slice| slice.cast::<[u8; 4]>().unwrap());
    assert_eq!(same_for_any_size(|slice| slice.view::<u8>().is_ok()), 0);
}

#[test]
fn writing_to_a_part_copies_that_part_only() {
    same_for_any_size(|slice| {
        let mut part = slice.slice(..64);
        part.make_mut()[0] = 1;
        part
    });
}

#[test]
fn handing_over_and_back_copies_nothing() {
    within_patience(|| {
        let (here, there) = port::pair::<SharedSlice<u8>, SharedSlice<u8>>();
        let thread = thread::spawn(move || {
            allocated_in(|| {
                let slice = there.recv().unwrap();
                there.send(slice).unwrap();
            })
        });
        let slice = SharedSlice::from_vec(vec![b'x'; LARGE]);
        let address = slice.as_ptr();
        let allocated = allocated_in(|| {
            here.send(slice).unwrap();
            assert_eq!(here.recv().unwrap().as_ptr(), address);
        });
        // The queues may allocate, but there is no room for a copy in what they need.
        let allocated = allocated + thread.join().unwrap();
        assert!(allocated < LARGE as u64 / 2, "{allocated}");
    });
}

#[test]
#[cfg(not(miri))]
fn a_mapping_allocates_the_same_for_a_file_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    let allocated: Vec<u64> = [SMALL, LARGE]
        .map(|size| {
            let path = folder.path().join("lines.txt");
            fs::write(&path, b"fifteen letters\n".repeat(size / 16)).unwrap();
            allocated_in(|| {
                let file = Mapping::open(&path).unwrap();
                let mut mine = file.to_mut().unwrap();
                mine[7] = b'_';
                let parts = SharedSlice::from(mine).split_lines(4);
                assert_eq!(parts.iter().map(|part| part.len()).sum::<usize>(), size);
                (file.split_lines(4), parts)
            })
        })
        .to_vec();
    assert_eq!(allocated[0], allocated[1]);
    assert!(allocated[0] < SMALL as u64, "{allocated:?}");
}

#[test]
fn a_recycled_buffer_allocates_nothing_for_its_bytes() {
    for size in [SMALL, LARGE] {
        let buffers = BufferPool::<u8>::new(2, size);
        drop((buffers.take(), buffers.take()));
        let allocated = allocated_in(|| {
            for _ in 0..10 {
                let mut buffer = buffers.take();
                buffer.resize(size, 1);
                drop(buffer.into_shared().split(4));
            }
        });
        assert!(allocated < SMALL as u64 * 10, "{allocated}");
    }
}

#[test]
fn a_permit_that_need_not_wait_allocates_nothing() {
    let budget = Budget::new(100);
    let allocated = allocated_in(|| {
        let mut permit = budget.acquire(60).unwrap();
        (permit.split(10), permit, budget.try_acquire(40).unwrap())
    });
    assert_eq!(allocated, 0);
}
