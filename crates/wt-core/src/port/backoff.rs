//! Pauses between two looks at something that another thread is about to change.

use std::hint;

use wt_sync::thread;
use wt_sync::time::{Duration, Instant};

/// Pauses that become longer: the core stays here, then it is offered to other
/// threads, then the thread sleeps.
#[derive(Default)]
pub(super) struct Backoff(u32);

/// So many pauses of 2^0, 2^1, ... hints to the core, for a thread that runs on another.
const SPINS: u32 = 3;
/// Then so many for a thread that waits for this very core.
const YIELDS: u32 = 64;
const NAP: Duration = Duration::from_micros(50);
/// About as long as it takes to wake a thread, so that two threads that answer each
/// other do not both sleep all the time.
const LOOK: Duration = Duration::from_micros(25);

impl Backoff {
    pub(super) fn pause(&mut self) {
        if self.0 < SPINS + YIELDS {
            self.pause_awake();
        } else {
            thread::sleep(NAP);
        }
    }

    fn pause_awake(&mut self) {
        match self.0 {
            step if step < SPINS => (0..1 << step).for_each(|_| hint::spin_loop()),
            _ => thread::yield_now(),
        }
        self.0 = self.0.saturating_add(1);
    }
}

/// Looks for some microseconds whether something is `there`.
///
/// What another thread is about to bring is not worth a sleep and a wake-up, which
/// cost both sides far more. It is the time that counts, and not the looks: on a busy
/// machine a single `yield_now` may last for milliseconds, and a thread that sleeps is
/// there sooner than one that yields.
pub(super) fn look_for(mut there: impl FnMut() -> bool) {
    let start = Instant::now();
    let mut backoff = Backoff::default();
    while !there() && start.elapsed() < LOOK {
        backoff.pause_awake();
    }
}

/// A fraction of a microsecond, in which a thread on another core gets something done.
pub(super) fn pause() {
    (0..HINTS).for_each(|_| hint::spin_loop());
}

const HINTS: u32 = 32;
