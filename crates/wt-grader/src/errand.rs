//! Work that is done ahead, in case it is wanted.
//!
//! Its children have a lower priority, so that what is certainly wanted does not wait
//! for them, and they are killed when it turns out that nobody wants them.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

thread_local! {
    /// The errand that this thread runs.
    static CURRENT: RefCell<Option<Errand>> = const { RefCell::new(None) };
}

/// Something that is done ahead.
#[derive(Debug, Clone, Default)]
pub(crate) struct Errand {
    unwanted: Arc<AtomicBool>,
}

impl Errand {
    /// Nobody wants it any more: what runs is killed within a moment, and what would
    /// start does not.
    pub(crate) fn drop_it(&self) {
        self.unwanted.store(true, Ordering::Release);
    }

    /// Whether nobody wants it any more.
    pub(crate) fn is_unwanted(&self) -> bool {
        self.unwanted.load(Ordering::Acquire)
    }

    /// Calls `f`; the children that this thread starts in it belong to this errand.
    pub(crate) fn run<T>(&self, f: impl FnOnce() -> T) -> T {
        let before = CURRENT.replace(Some(self.clone()));
        let result = f();
        CURRENT.set(before);
        result
    }

    /// The errand that this thread runs, if it runs one.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.with_borrow(Clone::clone)
    }
}
