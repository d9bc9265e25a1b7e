//! Cooperative cancellation: a flag that jobs look at.

use std::fmt;

use wt_sync::sync::Arc;
use wt_sync::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Asks jobs to stop. Elsewhere an abort signal or a stop token.
///
/// A thread cannot be stopped from outside without breaking what it holds, so a
/// running job has to look. A job that is still queued never begins: give it the
/// token with [`JobOptions::token`](super::JobOptions::token).
///
/// Clones are the same token: one for the owner, one for each job of a group.
///
/// # Examples
///
/// ```
/// use wt_core::channel;
/// use wt_core::pool::{CancelToken, Pool};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::new(1)?;
/// let token = CancelToken::new();
/// let (tx, rx) = channel::bounded(0);
///
/// let seen = token.clone();
/// let search = pool.job().token(&token).submit(move || {
///     let mut steps = 0_u64;
///     while !seen.is_cancelled() {
///         steps += 1;
///         if steps == 1 {
///             tx.send(()).expect("somebody waits for the first step");
///         }
///     }
///     steps
/// })?;
/// rx.recv()?;
/// token.cancel();
/// assert!(search.join()? >= 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels the token, for good. Never blocks.
    ///
    /// A queued job that was given the token ends in
    /// [`JobError::Cancelled`](super::JobError::Cancelled) when a worker comes to
    /// it; until then it keeps its place in the queue. A running job sees the
    /// flag when it looks.
    pub fn cancel(&self) {
        // Pairs with the load in `is_cancelled`: a job that stops sees what was done before.
        self.0.store(true, SeqCst);
    }

    /// Whether [`cancel`](Self::cancel) was called on this token or a clone.
    /// Cheap: one load from memory.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(SeqCst)
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CancelToken")
            .field(&self.is_cancelled())
            .finish()
    }
}
