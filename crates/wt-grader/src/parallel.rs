//! Some threads, many items.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::GradeError;

/// Maps `items` with `jobs` threads, in their order; so are the results. Blocks until all
/// are done.
///
/// # Errors
///
/// The first error of `f`; no further item is begun after it.
pub fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    f: impl Fn(&T) -> Result<R, GradeError> + Sync,
) -> Result<Vec<R>, GradeError> {
    let next = AtomicUsize::new(0);
    let take = |(): &mut ()| {
        let at = next.fetch_add(1, Ordering::Relaxed);
        (at < items.len()).then_some(at)
    };
    in_an_order(items, jobs, take, f)
}

/// As [`in_parallel`], in the order in which `take` gives the items' places. It has
/// something to keep for each thread.
///
/// # Errors
///
/// As [`in_parallel`].
pub(crate) fn in_an_order<T: Sync, R: Send, K: Default>(
    items: &[T],
    jobs: usize,
    take: impl Fn(&mut K) -> Option<usize> + Sync,
    f: impl Fn(&T) -> Result<R, GradeError> + Sync,
) -> Result<Vec<R>, GradeError> {
    let failed = AtomicBool::new(false);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let work = || {
        let mut kept = K::default();
        while !failed.load(Ordering::Relaxed)
            && let Some(at) = take(&mut kept)
        {
            let result = f(&items[at]);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((at, result));
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
