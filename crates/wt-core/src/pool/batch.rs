//! Many jobs at once, for one lock and one wake-up.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use super::Pool;
use super::cell::Cell;
use super::handle::{JoinHandle, Ticket};
use super::job::{Detached, Job, Work};
use super::options::Terms;
use super::policy::SubmitError;
use super::queue::Effort;

/// So many jobs go under one lock, which others wait for meanwhile.
const STRETCH: usize = 64;

impl Pool {
    /// Queues `jobs` in their order, and returns their handles in that order.
    ///
    /// As [`submit`](Self::submit) for each, but with one lock and at most one
    /// wake-up for many of them. Jobs begin before all are queued.
    ///
    /// # Errors
    ///
    /// [`BatchError`] with the first job that was refused and all after it, and
    /// with the handles of those before it, which are queued.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(2)?;
    /// let jobs = pool.submit_batch((0..100_u64).map(|n| move || n * n))?;
    /// let mut sum = 0;
    /// for job in jobs {
    ///     sum += job.join()?;
    /// }
    /// assert_eq!(sum, 328_350);
    /// # Ok(())
    /// # }
    /// ```
    pub fn submit_batch<I, F, T>(&self, jobs: I) -> Result<Vec<JoinHandle<T>>, BatchError<F, T>>
    where
        I: IntoIterator<Item = F>,
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let jobs = jobs.into_iter();
        let mut cells = VecDeque::new();
        let mut handles = Vec::with_capacity(jobs.size_hint().0);
        let work = jobs.map(|job| {
            let (queued, cell) = Cell::pair(job, None, Terms::default());
            cells.push_back(cell);
            queued
        });
        let refused = self.place_many(work);
        let refused_count = refused
            .as_ref()
            .map_or(0, |refused| refused.get_ref().len());
        let accepted = cells.len() - refused_count;
        for cell in cells.drain(..accepted) {
            handles.push(JoinHandle::new(Ticket::new(&self.queue, cell)));
        }
        let Some(refused) = refused else {
            return Ok(handles);
        };
        Err(BatchError {
            accepted: handles,
            refused: refused.map(|queued| {
                drop(queued);
                cells.into_iter().map(Cell::into_closure).collect()
            }),
        })
    }

    /// Queues `jobs` in their order, without handles; see
    /// [`submit_detached`](Self::submit_detached) and
    /// [`submit_batch`](Self::submit_batch).
    ///
    /// # Errors
    ///
    /// [`SubmitError`] with the first job that was refused and all after it.
    pub fn submit_batch_detached<I, F>(&self, jobs: I) -> Result<(), SubmitError<Vec<F>>>
    where
        I: IntoIterator<Item = F>,
        F: FnOnce() + Send + 'static,
    {
        match self.place_many(jobs.into_iter().map(Detached)) {
            None => Ok(()),
            Some(refused) => Err(refused.map(|jobs| {
                let closures = jobs.into_iter().map(|Detached(job)| job);
                closures.collect()
            })),
        }
    }

    /// Queues all of `work`, or hands back the first that was refused and all
    /// after it.
    fn place_many<W: Work + 'static>(
        &self,
        mut work: impl Iterator<Item = W>,
    ) -> Option<SubmitError<Vec<W>>> {
        let mut stretch = VecDeque::with_capacity(STRETCH);
        loop {
            // Collected first: what yields the jobs is foreign code, to be run without a lock.
            stretch.extend(work.by_ref().take(STRETCH).map(Job::new));
            if stretch.is_empty() {
                return None;
            }
            while !stretch.is_empty() {
                self.queue.offer_many(&mut stretch, self.place());
                // There was no room for this one: it waits, or whatever the policy says.
                let Some(job) = stretch.pop_front() else {
                    break;
                };
                // SAFETY: every job of the stretch was made from a `W`.
                let one = unsafe { job.into_work::<W>() };
                if let Err(refused) = self.place_work(one, self.place(), Effort::Policy) {
                    return Some(refused.map(|first| {
                        let rest = stretch.into_iter().map(|job| {
                            // SAFETY: as above.
                            unsafe { job.into_work::<W>() }
                        });
                        std::iter::once(first).chain(rest).chain(work).collect()
                    }));
                }
            }
        }
    }
}

/// A batch of which not all jobs were accepted, from [`Pool::submit_batch`].
pub struct BatchError<F, T> {
    /// The handles of the jobs before the first that was refused.
    pub accepted: Vec<JoinHandle<T>>,
    /// The first job that was refused, all after it, and why.
    pub refused: SubmitError<Vec<F>>,
}

impl<F, T> fmt::Debug for BatchError<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchError")
            .field("accepted", &self.accepted.len())
            .field("refused", &self.refused)
            .finish()
    }
}

impl<F, T> fmt::Display for BatchError<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accepted = self.accepted.len();
        let refused = self.refused.get_ref().len();
        write!(
            f,
            "{}: accepted {accepted} jobs of {}",
            self.refused,
            accepted + refused
        )
    }
}

impl<F, T> Error for BatchError<F, T> {}
