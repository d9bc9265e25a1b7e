//! Jobs in spans of the `tracing` crate.

use tracing::Span;

/// The same job, to be run inside `span`: what it logs belongs to the span, and
/// through its parent to whoever submitted the job.
///
/// Without it, a worker's log lines stand alone, because a thread does not know
/// on whose behalf it works. The span is made where you submit and entered where
/// the job runs, so a subscriber that measures idle and busy time of spans
/// measures how long the job waited and ran. The span is over when the job is
/// dropped, also if it never ran.
///
/// # Examples
///
/// ```
/// use tracing::info_span;
/// use wt_core::monitor::traced;
/// use wt_core::pool::Pool;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = Pool::new(1)?;
/// let job = pool.submit(traced(info_span!("decode", id = 7), || {
///     tracing::info!("begun"); // decode{id=7}: begun
///     6 * 7
/// }))?;
/// assert_eq!(job.join()?, 42);
/// # Ok(())
/// # }
/// ```
pub fn traced<T>(span: Span, job: impl FnOnce() -> T) -> impl FnOnce() -> T {
    move || span.in_scope(job)
}
