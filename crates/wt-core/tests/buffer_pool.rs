//! Buffers that come home.

mod deadline;

use std::io::Read;
use std::panic;
use std::thread;
use std::time::Duration;

use deadline::{PATIENCE, wait_until, within_patience};
use wt_core::buffer::{Buffer, BufferPool};
use wt_core::pool::Pool;

const ROUNDS: usize = if cfg!(miri) { 20 } else { 2000 };

#[test]
fn a_buffer_comes_home_empty_and_is_used_again() {
    let buffers = BufferPool::new(2, 64);
    assert_eq!(buffers.stats().home, 0, "nothing is allocated in advance");
    let mut buffer = buffers.take();
    buffer.extend_from_slice(b"yesterday");
    let address = buffer.as_ptr();
    drop(buffer);
    let buffer = buffers.take();
    assert_eq!((buffer.as_ptr(), buffer.len()), (address, 0));
    assert!(buffer.capacity() >= 64);
    let stats = buffers.stats();
    assert_eq!((stats.allocated, stats.reused, stats.in_use), (1, 1, 1));
}

#[test]
fn a_panic_takes_the_buffer_home() {
    let buffers = BufferPool::new(1, 64);
    let inside = buffers.clone();
    let caught = panic::catch_unwind(move || {
        let mut buffer = inside.take();
        buffer.push(1);
        panic!("with a buffer in hand");
    });
    assert!(caught.is_err());
    assert!(buffers.try_take().unwrap().is_empty());
    assert_eq!(buffers.stats().allocated, 1);
}

#[test]
fn an_element_that_panics_on_drop_costs_the_memory_and_not_the_place() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("on drop");
        }
    }
    let buffers = BufferPool::new(1, 4);
    let mut buffer = buffers.take();
    buffer.push(Bomb);
    let dropping = panic::AssertUnwindSafe(|| drop(buffer));
    assert!(panic::catch_unwind(dropping).is_err());
    assert!(buffers.try_take().is_some());
    let stats = buffers.stats();
    assert_eq!((stats.allocated, stats.in_use, stats.home), (2, 0, 1));
}

#[test]
fn take_waits_while_all_are_out() {
    within_patience(|| {
        let buffers = BufferPool::<u8>::new(1, 64);
        let only = buffers.take();
        assert!(buffers.try_take().is_none());
        assert!(buffers.take_timeout(Duration::from_millis(5)).is_none());
        let inside = buffers.clone();
        let taker = thread::spawn(move || inside.take().as_ptr().addr());
        wait_until(|| buffers.stats().waiting == 1);
        let address = only.as_ptr().addr();
        drop(only);
        assert_eq!(taker.join().unwrap(), address);
        assert!(buffers.take_timeout(PATIENCE).is_some());
        assert_eq!(buffers.stats().allocated, 1);
    });
}

#[test]
fn an_extra_buffer_is_freed_and_does_not_come_home() {
    let buffers = BufferPool::<u8>::new(1, 64);
    let (first, extra) = (buffers.take_or_allocate(), buffers.take_or_allocate());
    assert_eq!((buffers.stats().in_use, buffers.stats().extra), (1, 1));
    drop((extra, first));
    let stats = buffers.stats();
    assert_eq!((stats.home, stats.allocated, stats.peak), (1, 1, 1));
}

#[test]
fn a_grown_buffer_is_cut_back_and_a_stolen_one_is_replaced() {
    let buffers = BufferPool::new(1, 64);
    buffers.take().resize(10_000, 0_u8);
    let mut buffer = buffers.take();
    assert!(buffer.capacity() < 10_000, "{}", buffer.capacity());
    assert_eq!(buffers.stats().reused, 1);
    // A `Vec` can be taken out of its buffer in two ways; both leave the place free.
    drop(std::mem::take(&mut *buffer));
    drop(buffer);
    assert_eq!(buffers.stats().home, 0);
    let vec = buffers.take().into_vec();
    assert!(vec.capacity() >= 64);
    assert_eq!((buffers.stats().home, buffers.stats().allocated), (0, 2));
    assert!(buffers.try_take().is_some());
}

#[test]
fn a_shared_buffer_comes_home_with_its_last_part() {
    let buffers = BufferPool::new(1, 64);
    let mut buffer = buffers.take();
    buffer.extend_from_slice(b"one\ntwo\nthree\n");
    let address = buffer.as_ptr();
    let parts = buffer.into_shared().split_lines(3);
    assert_eq!(parts[0].as_ptr(), address, "no byte was copied");
    let threads: Vec<_> = parts
        .into_iter()
        .map(|part| thread::spawn(move || part.len()))
        .collect();
    let len: usize = threads.into_iter().map(|t| t.join().unwrap()).sum();
    assert_eq!(len, 14);
    let stats = buffers.stats();
    assert_eq!((stats.in_use, stats.home), (0, 1));
}

#[test]
fn clear_frees_what_is_home() {
    let buffers = BufferPool::<u8>::new(2, 64);
    let out = buffers.take();
    drop(buffers.take());
    buffers.clear();
    assert_eq!((buffers.stats().home, buffers.stats().in_use), (0, 1));
    drop(out);
    assert_eq!(buffers.stats().home, 1);
}

#[test]
fn a_buffer_outlives_its_pool() {
    let buffers = BufferPool::new(1, 4);
    let mut buffer = buffers.take();
    drop(buffers);
    buffer.push(1_u32);
    assert_eq!(*buffer, [1]);
}

#[test]
fn zero_buffers_or_capacity_is_refused() {
    assert!(panic::catch_unwind(|| BufferPool::<u8>::new(0, 1)).is_err());
    assert!(panic::catch_unwind(|| BufferPool::<u8>::new(1, 0)).is_err());
}

#[test]
fn two_buffers_carry_a_stream_of_any_length() {
    for workers in [1, 2, 8] {
        within_patience(move || {
            let pool = Pool::new(workers).unwrap();
            let buffers = BufferPool::<u8>::new(2, 100);
            let mut rng = fastrand::Rng::with_seed(5);
            let input: Vec<u8> = (0..100 * ROUNDS).map(|_| rng.u8(..)).collect();
            let mut rest = &input[..];
            let mut sums = Vec::new();
            while !rest.is_empty() {
                let mut buffer = buffers.take();
                rest.by_ref().take(100).read_to_end(&mut buffer).unwrap();
                sums.push(pool.submit(move || sum(&buffer)).unwrap());
            }
            let total: u64 = sums.into_iter().map(|job| job.join().unwrap()).sum();
            assert_eq!(total, sum(&input));
            let stats = buffers.stats();
            assert!(stats.peak <= 2 && stats.allocated <= 2, "{stats:?}");
            assert_eq!(stats.allocated + stats.reused, ROUNDS as u64);
            assert_eq!(stats.in_use, 0);
        });
    }
}

#[test]
fn threads_share_buffers_without_losing_any() {
    for threads in [1, 2, 8] {
        within_patience(move || {
            let buffers = BufferPool::<u8>::new(3, 16);
            let threads: Vec<_> = (0..threads)
                .map(|seed| {
                    let buffers = buffers.clone();
                    thread::spawn(move || use_buffers(&buffers, seed))
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
            let stats = buffers.stats();
            assert_eq!(stats.in_use, 0);
            assert!(stats.home <= 3 && stats.peak <= 3, "{stats:?}");
            assert!(stats.allocated <= 3, "{stats:?}");
        });
    }
}

fn use_buffers(buffers: &BufferPool<u8>, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    for _ in 0..ROUNDS {
        let mut buffer: Buffer<u8> = match rng.u8(..3) {
            0 => buffers.take(),
            1 => buffers.take_or_allocate(),
            _ => match buffers.try_take() {
                Some(buffer) => buffer,
                None => continue,
            },
        };
        assert!(buffer.is_empty());
        buffer.resize(rng.usize(..16), 1);
        if rng.bool() {
            drop(buffer.into_shared().split(2));
        }
    }
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte)).sum()
}
