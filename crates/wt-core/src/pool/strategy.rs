//! Which worker gets a job.

use super::options::Priority;

/// How the pool hands jobs to workers; set by
/// [`Builder::strategy`](super::Builder::strategy).
///
/// It holds for jobs that do not say otherwise with a
/// [`priority`](super::JobOptions::priority) or a
/// [`key`](super::JobOptions::key). A job that was given to a worker waits for
/// that worker, even if others are idle, unless the strategy says that it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strategy {
    /// One queue for all. No worker is idle while a job waits. A worker takes
    /// several jobs at once, and others steal what it has not begun.
    #[default]
    Shared,
    /// The workers in turn. Even if jobs are alike; unfair if they are not.
    RoundRobin,
    /// The worker with the fewest jobs, queued and running.
    LeastLoaded,
    /// As [`Shared`](Self::Shared), but what a worker submits stays with it until
    /// somebody steals it: good for jobs that use what their parent has just
    /// touched.
    Stealing,
}

/// Where one job is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Shared(Priority),
    /// The share of the worker that submits it, if it is one.
    Own,
    /// The worker whose turn it is.
    Next,
    /// The worker with the fewest jobs.
    Idlest,
    /// The worker that this key belongs to.
    Key(u64),
    Worker(usize),
}

impl Strategy {
    #[inline]
    pub(super) fn place(self) -> Place {
        match self {
            Self::Shared => Place::Shared(Priority::Normal),
            Self::RoundRobin => Place::Next,
            Self::LeastLoaded => Place::Idlest,
            Self::Stealing => Place::Own,
        }
    }
}
