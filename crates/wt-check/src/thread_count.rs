//! Which threads came and did not go.

use std::collections::BTreeSet;

use crate::tasks::{self, Tid};
use crate::wait::wait_until;
use crate::watched;

/// Remembers the process's threads, to tell later which ones are new.
///
/// Threads made with [`spawn`](crate::spawn) belong to the check and never count.
/// The counts come from the kernel; where it does not tell (outside Linux) the
/// check ends with the verdict `inconclusive`.
///
/// # Examples
///
/// ```
/// let threads = wt_check::ThreadCount::start();
/// std::thread::spawn(|| {}).join().unwrap();
/// assert!(threads.left_behind().is_empty());
/// ```
#[derive(Debug)]
pub struct ThreadCount {
    before: BTreeSet<Tid>,
}

impl ThreadCount {
    /// Remembers the threads that exist now.
    ///
    /// # Panics
    ///
    /// Ends the check as `inconclusive` where the kernel does not list threads.
    #[must_use]
    pub fn start() -> Self {
        if !tasks::available() {
            std::panic::panic_any(crate::harness::Inconclusive(
                "this system does not list a process's threads",
            ));
        }
        Self {
            before: tasks::tids().into_iter().collect(),
        }
    }

    /// How many threads exist now that did not exist at the start.
    #[must_use]
    pub fn extra(&self) -> usize {
        self.new_tids().len()
    }

    /// Waits until no new thread is left, at most [`patience`](crate::patience),
    /// and returns the names of those that are.
    ///
    /// A thread that was joined may stay in the kernel's list for a moment; this
    /// waits it out.
    #[must_use]
    pub fn left_behind(&self) -> Vec<String> {
        wait_until(|| self.extra() == 0);
        let mut names: Vec<String> = self
            .new_tids()
            .into_iter()
            .filter_map(|tid| Some(tasks::task(tid)?.name))
            .collect();
        names.sort();
        names
    }

    fn new_tids(&self) -> Vec<Tid> {
        let own = watched::tids();
        tasks::tids()
            .into_iter()
            .filter(|tid| !self.before.contains(tid) && !own.contains(tid))
            .collect()
    }
}
