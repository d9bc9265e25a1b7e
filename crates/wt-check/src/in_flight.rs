//! How many are inside at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A gauge of how many threads or jobs are in a section, and of the most there
/// ever were. Clones share one count.
///
/// # Examples
///
/// ```
/// let gauge = wt_check::InFlight::new();
/// let first = gauge.enter();
/// drop(gauge.enter());
/// drop(first);
/// assert_eq!((gauge.now(), gauge.peak()), (0, 2));
/// ```
#[derive(Debug, Clone, Default)]
pub struct InFlight {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    now: AtomicUsize,
    peak: AtomicUsize,
}

/// One entry of an [`InFlight`]; leaves when dropped, also by a panic.
#[derive(Debug)]
#[must_use = "the entry ends when this is dropped"]
pub struct Flight {
    counts: Arc<Counts>,
}

impl InFlight {
    /// A gauge at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one more inside until the result is dropped.
    pub fn enter(&self) -> Flight {
        let inside = self.counts.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.counts.peak.fetch_max(inside, Ordering::SeqCst);
        Flight {
            counts: Arc::clone(&self.counts),
        }
    }

    /// How many are inside.
    #[must_use]
    pub fn now(&self) -> usize {
        self.counts.now.load(Ordering::SeqCst)
    }

    /// The most that were inside at the same time.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.counts.peak.load(Ordering::SeqCst)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.counts.now.fetch_sub(1, Ordering::SeqCst);
    }
}
