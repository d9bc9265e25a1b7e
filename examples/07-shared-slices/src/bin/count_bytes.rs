//! What four readers cost in memory: a share of the image each, or a copy each.
//!
//! Run:    cargo run --release -p eg07-shared-slices --bin count_bytes
//! See:    the shares cost the same for every size; the copies cost the image.
//! Try:    collect into a `Vec` and call `.into()` to get the `Arc`, under the meter.

use wt_core::monitor::{CountingAlloc, MemoryMeter};
use wt_core::sync::Arc;
use wt_core::thread;

#[global_allocator]
static ALLOCATOR: CountingAlloc = CountingAlloc::system();

const READERS: usize = 4;

fn main() {
    println!("bytes that {READERS} readers cost their caller");
    println!("{:>10}  {:>10}  {:>10}", "image", "shares", "copies");
    for kib in [64, 1024, 16 * 1024] {
        let image: Arc<[u8]> = std::iter::repeat_n(7, kib << 10).collect();
        let shares = allocated(|| read_shares(&image));
        let copies = allocated(|| read_copies(&image));
        println!("{kib:>6} KiB  {shares:>10}  {copies:>10}");
    }
}

/// Bytes that the calling thread allocates for it.
fn allocated(work: impl FnOnce() -> usize) -> u64 {
    let meter = MemoryMeter::start().expect("the counting allocator is installed");
    assert!(work() > 0, "the readers have read something");
    meter.usage().allocated
}

fn read_shares(image: &Arc<[u8]>) -> usize {
    let band = image.len() / READERS;
    let start = |reader: usize| {
        let image = Arc::clone(image);
        thread::spawn(move || sum(&image[reader * band..(reader + 1) * band]))
    };
    join((0..READERS).map(start).collect())
}

fn read_copies(image: &Arc<[u8]>) -> usize {
    let start = |band: &[u8]| {
        let band = band.to_vec();
        thread::spawn(move || sum(&band))
    };
    join(image.chunks(image.len() / READERS).map(start).collect())
}

fn sum(band: &[u8]) -> usize {
    band.iter().map(|&byte| usize::from(byte)).sum()
}

fn join(readers: Vec<thread::JoinHandle<usize>>) -> usize {
    readers
        .into_iter()
        .map(|reader| reader.join().expect("a reader ends"))
        .sum()
}
