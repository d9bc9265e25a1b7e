//! One job for every worker.

use wt_sync::sync::Arc;

use super::Pool;
use super::cell::Cell;
use super::handle::{JoinHandle, Ticket};
use super::options::Terms;
use super::policy::SubmitError;
use super::queue::Effort;
use super::strategy::Place;

impl Pool {
    /// Has every living worker call `job` with its number, once, and returns the
    /// handles in the order of these numbers.
    ///
    /// Each call goes before the normal jobs that the worker has not taken yet.
    /// The calls count as jobs; under a full queue they wait or are refused as
    /// any job. To be used for what belongs to a worker: to warm or to clear a
    /// cache, to read a [`WorkerLocal`](super::WorkerLocal). A worker that ends
    /// before its call hands it to another.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit); what was queued before the error runs.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::builder().name("b").workers(2).build()?;
    /// let names = pool.broadcast(|worker| {
    ///     (worker, std::thread::current().name().map(str::to_owned))
    /// })?;
    /// for (index, name) in names.into_iter().enumerate() {
    ///     assert_eq!(name.join()?, (index, Some(format!("b-{index}"))));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn broadcast<F, T>(&self, job: F) -> Result<Vec<JoinHandle<T>>, SubmitError<()>>
    where
        F: Fn(usize) -> T + Send + Sync + 'static,
        T: Send + 'static,
    {
        let job = Arc::new(job);
        let workers: Vec<usize> = {
            let state = self.queue.lock();
            if self.queue.is_closing() {
                return Err(SubmitError::ShutDown(()));
            }
            state.living().map(|worker| worker.index).collect()
        };
        let calls = workers.into_iter().map(|worker| {
            let job = Arc::clone(&job);
            let (queued, cell) = Cell::pair(move || job(worker), None, Terms::default());
            self.place_work(queued, Place::Worker(worker), Effort::Policy)
                .map_err(|refusal| refusal.map(drop))?;
            Ok(JoinHandle::new(Ticket::new(&self.queue, cell)))
        });
        calls.collect()
    }
}
