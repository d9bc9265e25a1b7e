//! What happens to a job when the queue has no room for it.
//!
//! The four policies are those of Java's `ThreadPoolExecutor` (JSR 166), with
//! waiting added and silent dropping left out: a job that is not run always
//! tells its handle.

use std::error::Error;
use std::fmt;

/// What [`submit`](super::Pool::submit) does when the queue is full.
///
/// ```text
///             queue full, submit(j5) comes
/// Block          submit waits for room
/// Reject         submit returns j5 in an error
/// CallerRuns     submit runs j5 itself, then returns
/// DiscardOldest  j1 leaves, j5 is queued
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RejectionPolicy {
    /// `submit` waits until a worker takes a job: backpressure.
    ///
    /// A worker of the same pool never waits here, because it could wait for
    /// itself. It runs the new job at once, inside `submit`.
    #[default]
    Block,
    /// `submit` returns [`SubmitError::Full`] with the job inside.
    Reject,
    /// `submit` runs the job on the calling thread before it returns. This slows
    /// the producer down by the length of one job.
    CallerRuns,
    /// The job that has waited longest leaves the queue, and its handle reports
    /// [`JobError::Discarded`](super::JobError::Discarded). Jobs of a
    /// [`scope`](super::Pool::scope) never leave; if the queue holds nothing
    /// else, `submit` returns [`SubmitError::Full`].
    DiscardOldest,
}

/// A job that was not accepted, handed back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SubmitError<F> {
    /// The queue is full, and the policy is not to wait.
    Full(F),
    /// [`shutdown`](super::Pool::shutdown) or
    /// [`shutdown_now`](super::Pool::shutdown_now) has begun.
    ShutDown(F),
}

impl<F> SubmitError<F> {
    /// The job, to be run later, elsewhere, or here.
    pub fn into_job(self) -> F {
        match self {
            Self::Full(job) | Self::ShutDown(job) => job,
        }
    }

    pub(super) fn get_ref(&self) -> &F {
        match self {
            Self::Full(job) | Self::ShutDown(job) => job,
        }
    }

    pub(super) fn map<G>(self, f: impl FnOnce(F) -> G) -> SubmitError<G> {
        match self {
            Self::Full(job) => SubmitError::Full(f(job)),
            Self::ShutDown(job) => SubmitError::ShutDown(f(job)),
        }
    }

    /// Whether a later attempt may succeed.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }
}

impl<F> fmt::Debug for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::ShutDown(_) => "ShutDown(..)",
        })
    }
}

impl<F> fmt::Display for SubmitError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the pool's queue is full",
            Self::ShutDown(_) => "the pool is shut down",
        })
    }
}

impl<F> Error for SubmitError<F> {}
