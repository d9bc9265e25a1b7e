//! Proof of parallelism: a place that opens only when n threads are in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::wait::wait_until;

/// A meeting of n threads.
///
/// Unlike [`std::sync::Barrier`] it gives up after [`patience`](crate::patience),
/// so a solution that runs one job after another fails instead of hanging. Clones
/// share one meeting.
///
/// # Examples
///
/// ```
/// let meeting = wt_check::Rendezvous::new(2);
/// let other = meeting.clone();
/// let thread = std::thread::spawn(move || other.meet());
/// assert!(meeting.meet());
/// assert!(thread.join().unwrap());
/// ```
#[derive(Debug, Clone)]
pub struct Rendezvous {
    wanted: usize,
    arrived: Arc<AtomicUsize>,
    peak: Arc<AtomicUsize>,
}

impl Rendezvous {
    /// A meeting of `wanted` threads.
    #[must_use]
    pub fn new(wanted: usize) -> Self {
        Self {
            wanted,
            arrived: Arc::default(),
            peak: Arc::default(),
        }
    }

    /// Waits until `wanted` threads are inside at the same time, and says whether
    /// that happened. Once it has, nobody waits here any more.
    pub fn meet(&self) -> bool {
        let inside = self.arrived.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(inside, Ordering::SeqCst);
        let met = wait_until(|| self.met());
        self.arrived.fetch_sub(1, Ordering::SeqCst);
        met
    }

    /// Whether the meeting has taken place.
    #[must_use]
    pub fn met(&self) -> bool {
        self.peak() >= self.wanted
    }

    /// The most threads that were ever inside together.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }
}
