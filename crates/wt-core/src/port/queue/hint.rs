//! Places in memory that both sides of a queue touch, and what they may tell without
//! a lock.

use wt_sync::sync::atomic::{AtomicBool, Ordering};

/// Keeps what it holds off the cache lines of its neighbours, which the other side
/// writes. Processors fetch lines in pairs, hence two of them.
#[repr(align(128))]
pub(super) struct Padded<T>(pub(super) T);

/// Whether it is worth to take a lock and look. It decides nothing, so `Relaxed` will
/// do. It is written only if it changes: a line that both sides read is in both caches.
pub(super) struct Hint(AtomicBool);

impl Hint {
    pub(super) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, is_worth_it: bool) {
        if self.get() != is_worth_it {
            self.0.store(is_worth_it, Ordering::Relaxed);
        }
    }
}
