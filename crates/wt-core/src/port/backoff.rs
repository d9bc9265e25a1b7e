//! Pauses between two looks at something that another thread is about to change.

use std::hint;

use wt_sync::thread;
use wt_sync::time::Duration;

/// Pauses that become longer: the core stays here, then it is offered to other
/// threads, then the thread sleeps.
#[derive(Default)]
pub(super) struct Backoff(u32);

/// So many pauses of 2^0, 2^1, ... hints to the core, for a thread that runs on another.
const SPINS: u32 = 3;
/// Then so many for a thread that waits for this very core. Together they last about
/// as long as it takes to wake a thread, so that two threads that answer each other do
/// not both sleep all the time.
const YIELDS: u32 = 64;
const NAP: Duration = Duration::from_micros(50);

impl Backoff {
    pub(super) fn pause(&mut self) {
        match self.0 {
            step if step < SPINS => (0..1 << step).for_each(|_| hint::spin_loop()),
            step if step < SPINS + YIELDS => thread::yield_now(),
            _ => thread::sleep(NAP),
        }
        self.0 = self.0.saturating_add(1);
    }

    /// Whether the next pause is a sleep.
    fn is_long(&self) -> bool {
        self.0 >= SPINS + YIELDS
    }
}

/// Looks for some microseconds whether something is `there`.
///
/// What another thread is about to bring is not worth a sleep and a wake-up, which
/// cost both sides far more.
pub(super) fn look_for(mut there: impl FnMut() -> bool) {
    let mut backoff = Backoff::default();
    while !there() && !backoff.is_long() {
        backoff.pause();
    }
}

/// A fraction of a microsecond, in which a thread on another core gets something done.
pub(super) fn pause() {
    (0..HINTS).for_each(|_| hint::spin_loop());
}

const HINTS: u32 = 32;
