//! Slices over all workers: contiguous parts, halved again when somebody is idle.
//!
//! ```text
//! [ 0 1 2 3 | 4 5 6 7 ]   two threads begin with a half each
//!   x x . .   x x x x     the right one is done: the left one gives half of the rest
//!   x x x |y|
//! ```
//!
//! A job per chunk would pay for a job per chunk, and a shared counter would deal
//! neighbouring chunks to different cores, where no cache expects them. So each
//! thread walks through memory in order, and pays only when work is uneven. The
//! idea is rayon's adaptive splitter.

use wt_sync::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::Pool;
use super::error::JobError;
use super::queue::Queue;
use super::scope::Scope;

impl Pool {
    /// Calls `f` with each chunk of `data`, on this thread and on the workers.
    ///
    /// `f` is also given the place in `data` where the chunk begins. All chunks
    /// have `chunk` elements but the last, which may be shorter. Blocks until all
    /// are done; this thread does its part, and all of it if the workers are busy.
    ///
    /// # Panics
    ///
    /// If `chunk` is 0. If `f` panics, with that payload, after the other threads
    /// have ended; chunks may then be left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(2)?;
    /// let mut squares = vec![0; 10_000];
    /// pool.for_each_chunk(&mut squares, 512, |begin, chunk| {
    ///     for (i, square) in chunk.iter_mut().enumerate() {
    ///         *square = (begin + i).pow(2);
    ///     }
    /// });
    /// assert_eq!(squares[99], 9801);
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_each_chunk<T, F>(&self, data: &mut [T], chunk: usize, f: F)
    where
        T: Send,
        F: Fn(usize, &mut [T]) + Sync,
    {
        self.walk(data, chunk, &f, &|(), ()| ());
    }

    /// Calls `map` with each chunk of `data`, as
    /// [`for_each_chunk`](Self::for_each_chunk), and joins the results with
    /// `reduce`, in the order of the data. `None` if there is no data.
    ///
    /// The results are joined in no particular grouping, so `reduce` must not
    /// care about it: `(a + b) + c = a + (b + c)`.
    ///
    /// # Panics
    ///
    /// As [`for_each_chunk`](Self::for_each_chunk), for `map` and `reduce`.
    ///
    /// # Examples
    ///
    /// ```
    /// use wt_core::pool::Pool;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = Pool::new(2)?;
    /// let numbers: Vec<u64> = (1..=100_000).collect();
    /// let sum = pool.map_reduce(&numbers, 1024, |_, chunk| chunk.iter().sum::<u64>(), |a, b| a + b);
    /// assert_eq!(sum, Some(5_000_050_000));
    /// # Ok(())
    /// # }
    /// ```
    pub fn map_reduce<T, R, M, C>(&self, data: &[T], chunk: usize, map: M, reduce: C) -> Option<R>
    where
        T: Sync,
        R: Send,
        M: Fn(usize, &[T]) -> R + Sync,
        C: Fn(R, R) -> R + Sync,
    {
        self.walk(data, chunk, &map, &reduce)
    }

    fn walk<S, R, M, C>(&self, data: S, chunk: usize, map: &M, reduce: &C) -> Option<R>
    where
        S: Slice,
        R: Send,
        M: Fn(usize, S) -> R + Sync,
        C: Fn(R, R) -> R + Sync,
    {
        assert!(chunk > 0, "chunks of 0 elements would never come to an end");
        let limit = self.workers();
        let walk = Walk {
            queue: &self.queue,
            chunk,
            map,
            reduce,
            limit,
            threads: AtomicUsize::new(1),
        };
        self.scope(|scope| walk.part(scope, 0, data, limit))
    }
}

/// A slice, borrowed or borrowed to be changed.
trait Slice: Sized + Send {
    fn len(&self) -> usize;

    fn split_at(self, place: usize) -> (Self, Self);
}

impl<T: Sync> Slice for &[T] {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn split_at(self, place: usize) -> (Self, Self) {
        (*self).split_at(place)
    }
}

impl<T: Send> Slice for &mut [T] {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn split_at(self, place: usize) -> (Self, Self) {
        self.split_at_mut(place)
    }
}

struct Walk<'a, M, C> {
    queue: &'a Queue,
    chunk: usize,
    map: &'a M,
    reduce: &'a C,
    /// So many threads at most, with the caller's.
    limit: usize,
    /// Threads that have a part, or will.
    threads: AtomicUsize,
}

impl<M, C> Walk<'_, M, C> {
    /// Does one contiguous part, and gives some of it away: at once if it is for
    /// several `threads`, later if somebody is idle.
    fn part<'scope, S, R>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        mut begin: usize,
        mut data: S,
        mut threads: usize,
    ) -> Option<R>
    where
        S: Slice + 'scope,
        R: Send + 'scope,
        M: Fn(usize, S) -> R + Sync,
        C: Fn(R, R) -> R + Sync,
    {
        let mut given = Vec::new();
        let mut sum = None;
        while data.len() > 0 {
            let chunks = data.len().div_ceil(self.chunk);
            if chunks > 1 && (threads > 1 || self.is_somebody_idle()) {
                let kept = threads.div_ceil(2);
                let (left, right) = data.split_at(chunks.div_ceil(2) * self.chunk);
                let (place, others) = (begin + left.len(), (threads - kept).max(1));
                self.threads.fetch_add(1, SeqCst);
                given.push(scope.spawn(move || self.part(scope, place, right, others)));
                (data, threads) = (left, kept);
                continue;
            }
            let len = self.chunk.min(data.len());
            let (first, rest) = data.split_at(len);
            sum = self.add(sum, Some((self.map)(begin, first)));
            (begin, data) = (begin + len, rest);
        }
        self.threads.fetch_sub(1, SeqCst);
        // What was given away last lies next to what was kept.
        for part in given.into_iter().rev() {
            let result = part.join_here().map_err(JobError::into_panic);
            let right = result.unwrap_or_else(|panic| {
                std::panic::resume_unwind(panic.expect("a job of a scope is run"))
            });
            sum = self.add(sum, right);
        }
        sum
    }

    fn add<R>(&self, left: Option<R>, right: Option<R>) -> Option<R>
    where
        C: Fn(R, R) -> R,
    {
        match (left, right) {
            (Some(left), Some(right)) => Some((self.reduce)(left, right)),
            (left, right) => left.or(right),
        }
    }

    /// Whether a part of the rest would be begun at once.
    fn is_somebody_idle(&self) -> bool {
        self.threads.load(SeqCst) < self.limit && self.queue.lock().sleepers.is_anybody_idle()
    }
}
