//! What the jobs do, and how it is seen that they did it.

use std::cell::OnceCell;
use std::hint;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any run: what is not done by then is lost.
const PATIENCE: Duration = Duration::from_secs(120);

/// As many workers as this process may use cores.
#[must_use]
pub fn workers() -> usize {
    thread::available_parallelism().map_or(2, usize::from)
}

/// One thread's share of the tally. Only that thread writes it, so an entry costs
/// two plain stores to a line that no other thread writes.
#[repr(align(128))]
#[derive(Default)]
struct Share {
    jobs: AtomicU64,
    sum: AtomicU64,
}

static SHARES: Mutex<Vec<&'static Share>> = Mutex::new(Vec::new());

thread_local! {
    static MINE: OnceCell<&'static Share> = const { OnceCell::new() };
}

/// Called by a job, once, with its number.
pub fn note(number: u64) {
    MINE.with(|mine| {
        let mine = mine.get_or_init(|| {
            // Never freed: the tally outlives the thread that wrote it.
            let share: &'static Share = Box::leak(Box::default());
            let mut shares = SHARES.lock().unwrap_or_else(PoisonError::into_inner);
            shares.push(share);
            share
        });
        let sum = mine.sum.load(Ordering::Relaxed).wrapping_add(number);
        mine.sum.store(sum, Ordering::Relaxed);
        // Pairs with the load in `read`: whoever sees the job counted sees its number summed.
        let jobs = mine.jobs.load(Ordering::Relaxed) + 1;
        mine.jobs.store(jobs, Ordering::Release);
    });
}

/// The jobs noted since a moment.
pub struct Tally {
    jobs: u64,
    sum: u64,
}

impl Tally {
    /// Begins at zero. No job may be running.
    #[must_use]
    pub fn begin() -> Self {
        let (jobs, sum) = read();
        Self { jobs, sum }
    }

    /// Waits until jobs number `0..count` have been noted.
    ///
    /// # Panics
    ///
    /// If one is missing after two minutes, or others ran instead.
    pub fn wait_for(&self, count: u64) {
        let start = Instant::now();
        let mut looks = 0;
        loop {
            let (jobs, sum) = read();
            if jobs.wrapping_sub(self.jobs) >= count {
                assert_eq!(jobs.wrapping_sub(self.jobs), count, "a job ran twice");
                assert_eq!(sum.wrapping_sub(self.sum), sum_below(count));
                return;
            }
            assert!(start.elapsed() < PATIENCE, "a job is lost");
            looks += 1;
            // A long run is not disturbed by a thread that asks for a core all the time.
            if looks < 100 {
                thread::yield_now();
            } else {
                thread::sleep(Duration::from_micros(20));
            }
        }
    }
}

fn read() -> (u64, u64) {
    let shares = SHARES.lock().unwrap_or_else(PoisonError::into_inner);
    shares.iter().fold((0, 0), |(jobs, sum), share| {
        let jobs = share.jobs.load(Ordering::Acquire).wrapping_add(jobs);
        (jobs, share.sum.load(Ordering::Relaxed).wrapping_add(sum))
    })
}

/// The sum of `0..count`, wrapping.
#[must_use]
pub fn sum_below(count: u64) -> u64 {
    let sum = u128::from(count) * u128::from(count.saturating_sub(1)) / 2;
    sum as u64
}

/// Keeps a core busy for about `nanos`, by a count of steps and not by a clock,
/// whose reading would cost as much as a small job.
pub fn burn(nanos: u64) {
    hint::black_box(steps(nanos * steps_per_micro() / 1000));
}

/// Each step needs the one before it, so no compiler or core can skip or overlap them.
fn steps(count: u64) -> u64 {
    (0..count).fold(1, |x, _| {
        hint::black_box(x).wrapping_mul(6_364_136_223_846_793_005) | 1
    })
}

fn steps_per_micro() -> u64 {
    static SPEED: OnceLock<u64> = OnceLock::new();
    *SPEED.get_or_init(|| {
        const STEPS: u64 = 100_000;
        let fastest = (0..20).map(|_| {
            let start = Instant::now();
            hint::black_box(steps(STEPS));
            start.elapsed()
        });
        let fastest = fastest.min().expect("20 tries");
        (STEPS * 1000 / (fastest.as_nanos() as u64).max(1)).max(1)
    })
}
