//! Why a job has no result, and why a pool has no workers.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;

use wt_sync::sync::{Mutex, PoisonError};

/// What a panic carries: the value given to `panic!` or to
/// [`std::panic::panic_any`].
pub type Payload = Box<dyn Any + Send + 'static>;

/// Why a [`JoinHandle`](super::JoinHandle) has no value to give.
#[derive(Debug)]
pub enum JobError {
    /// The job panicked. The worker caught it and lives on.
    Panicked(JobPanic),
    /// [`cancel`](super::JoinHandle::cancel) took the job out of the queue
    /// before it began.
    Cancelled,
    /// [`join_timeout`](super::JoinHandle::join_timeout) stopped waiting. The
    /// job is still queued or running, and the handle is still good.
    TimedOut,
    /// The pool dropped the job before it began: to make room under
    /// [`DiscardOldest`](super::RejectionPolicy::DiscardOldest), or in
    /// [`shutdown_now`](super::Pool::shutdown_now).
    Discarded,
    /// The job's deadline passed before it began. It will not begin.
    Expired,
}

impl JobError {
    pub(super) fn panicked(payload: Payload) -> Self {
        Self::Panicked(JobPanic::new(payload))
    }

    /// The panic's payload, ready for [`std::panic::resume_unwind`].
    ///
    /// # Errors
    ///
    /// Returns the error unchanged if the job did not panic.
    pub fn into_panic(self) -> Result<Payload, Self> {
        match self {
            Self::Panicked(panic) => Ok(panic.into_payload()),
            other => Err(other),
        }
    }

    /// Whether the job began and panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panicked(_))
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(panic) => write!(f, "the job panicked: {}", panic.message()),
            Self::Cancelled => f.write_str("the job was cancelled before it began"),
            Self::TimedOut => f.write_str("the job did not finish in time"),
            Self::Discarded => f.write_str("the pool discarded the job before it began"),
            Self::Expired => f.write_str("the job's deadline passed before it began"),
        }
    }
}

impl Error for JobError {}

/// A panic that a worker caught.
///
/// It is `Sync`, which a bare payload is not, so [`JobError`] converts into a
/// `Box<dyn Error + Send + Sync>` with `?`.
pub struct JobPanic {
    message: Box<str>,
    payload: Mutex<Payload>,
}

impl JobPanic {
    fn new(payload: Payload) -> Self {
        let message = payload
            .downcast_ref::<&'static str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a payload that is not a string");
        Self {
            message: message.into(),
            payload: Mutex::new(payload),
        }
    }

    /// The text of the panic, or a stand-in if the payload is not a string.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The payload itself, ready for [`std::panic::resume_unwind`] or a
    /// downcast.
    #[must_use]
    pub fn into_payload(self) -> Payload {
        self.payload
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for JobPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JobPanic").field(&self.message).finish()
    }
}

/// Why [`Builder::build`](super::Builder::build) made no pool. No thread is
/// left behind.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The pool was to have no workers.
    NoWorkers,
    /// The queue was to hold no jobs.
    NoCapacity,
    /// The name holds a NUL byte, which no thread name may.
    NulInName(String),
    /// The system refused a thread.
    Spawn {
        /// Which worker could not be started, counted from 0.
        worker: usize,
        /// What the system said.
        source: io::Error,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWorkers => f.write_str("a pool of 0 workers would never run a job"),
            Self::NoCapacity => f.write_str("a queue of capacity 0 would never hold a job"),
            Self::NulInName(name) => write!(f, "the pool name {name:?} holds a NUL byte"),
            Self::Spawn { worker, .. } => write!(f, "worker {worker} could not be started"),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Spawn { source, .. } => Some(source),
            _ => None,
        }
    }
}
