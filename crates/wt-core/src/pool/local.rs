//! State that each worker has for itself: a connection, a parser, a cache.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

use wt_sync::sync::Arc;
use wt_sync::thread_local;

use super::job::{contain, swallow};

/// One value of `S` per worker, made and dropped on that worker's thread, so `S`
/// need not be `Send`. Elsewhere a worker context.
///
/// Give it to a pool with [`Builder::worker_local`](super::Builder::worker_local),
/// and use it in jobs with [`with`](Self::with). Clones are the same state.
///
/// # Examples
///
/// ```
/// use wt_core::pool::{Pool, WorkerLocal};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scratch = WorkerLocal::new(|_worker| Vec::<u8>::with_capacity(4096));
/// let pool = Pool::builder().workers(2).worker_local(&scratch).build()?;
///
/// let used = scratch.clone();
/// let job = pool.submit(move || {
///     used.with(|scratch| {
///         scratch.clear();
///         scratch.extend(b"no allocation from the second job on");
///         scratch.len()
///     })
/// })?;
/// assert_eq!(job.join()?, 36);
/// # Ok(())
/// # }
/// ```
pub struct WorkerLocal<S> {
    make: Arc<dyn Make>,
    state: PhantomData<fn() -> S>,
}

/// What a pool knows of a local: how to make it and how to end it.
pub(super) trait Make: Send + Sync {
    fn make(&self, worker: usize) -> Box<dyn Any>;

    fn end(&self, state: Box<dyn Any>);
}

struct Both<I, E>(I, E);

impl<S, I, E> Make for Both<I, E>
where
    S: 'static,
    I: Fn(usize) -> S + Send + Sync,
    E: Fn(S) + Send + Sync,
{
    fn make(&self, worker: usize) -> Box<dyn Any> {
        Box::new((self.0)(worker))
    }

    fn end(&self, state: Box<dyn Any>) {
        if let Ok(state) = state.downcast::<S>() {
            (self.1)(*state);
        }
    }
}

/// A state with its maker. `None`: in use by a job further down the stack.
type Held = (Arc<dyn Make>, Option<Box<dyn Any>>);

thread_local! {
    /// The states of the worker that this thread is.
    static STATES: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

impl<S: 'static> WorkerLocal<S> {
    /// State that `init` makes, called with the worker's number before its first
    /// job. It is dropped after the worker's last.
    pub fn new(init: impl Fn(usize) -> S + Send + Sync + 'static) -> Self {
        Self::with_teardown(init, drop)
    }

    /// As [`new`](Self::new), with `teardown` called on the worker's thread after
    /// its last job.
    ///
    /// A panic in `init` ends the worker, and another is started in its place; if
    /// that happens three times in a row, the seat stays empty. A panic in
    /// `teardown` goes no further than the panic hook.
    pub fn with_teardown(
        init: impl Fn(usize) -> S + Send + Sync + 'static,
        teardown: impl Fn(S) + Send + Sync + 'static,
    ) -> Self {
        Self {
            make: Arc::new(Both(init, teardown)),
            state: PhantomData,
        }
    }

    /// Calls `f` with the state of the calling worker. If `f` panics, the worker
    /// keeps the state as it is.
    ///
    /// # Panics
    ///
    /// If the calling thread is not a worker of a pool that was built with this
    /// state. If the state is in use: by `f` itself, or by a job in whose
    /// [`join`](super::JoinHandle::join) this one runs; so do not wait inside `f`.
    pub fn with<R>(&self, f: impl FnOnce(&mut S) -> R) -> R {
        let place = STATES
            .with(|states| {
                let states = states.borrow();
                states
                    .iter()
                    .position(|(make, _)| Arc::ptr_eq(make, &self.make))
            })
            .expect(
                "the calling thread has no such state: it is no worker of a pool built with it",
            );
        let taken = STATES.with(|states| states.borrow_mut()[place].1.take());
        let mut taken = Returned {
            state: Some(taken.expect("the worker's state is in use further down the stack")),
            place,
        };
        let state = taken.state.as_mut().and_then(|state| state.downcast_mut());
        f(state.expect("the state has the type that its maker gave it"))
    }
}

/// Puts a state back, also when a panic passes.
struct Returned {
    state: Option<Box<dyn Any>>,
    place: usize,
}

impl Drop for Returned {
    fn drop(&mut self) {
        STATES.with(|states| states.borrow_mut()[self.place].1 = self.state.take());
    }
}

impl<S> Clone for WorkerLocal<S> {
    fn clone(&self) -> Self {
        Self {
            make: Arc::clone(&self.make),
            state: PhantomData,
        }
    }
}

impl<S> fmt::Debug for WorkerLocal<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerLocal").finish_non_exhaustive()
    }
}

impl<S> WorkerLocal<S> {
    pub(super) fn maker(&self) -> Arc<dyn Make> {
        Arc::clone(&self.make)
    }
}

/// The locals of a pool, in the order in which they are made.
#[derive(Clone, Default)]
pub(super) struct Locals(pub(super) Vec<Arc<dyn Make>>);

impl Locals {
    /// Makes the states of one worker, on its thread. May panic.
    pub(super) fn begin(&self, worker: usize) -> Begun {
        let begun = Begun;
        for make in &self.0 {
            let state = make.make(worker);
            STATES.with(|states| states.borrow_mut().push((Arc::clone(make), Some(state))));
        }
        begun
    }
}

/// Ends the states when it is dropped, the last one first.
pub(super) struct Begun;

impl Begun {
    pub(super) fn end(self) {
        drop(self);
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        while let Some((make, state)) = STATES.with(|states| states.borrow_mut().pop()) {
            if let Some(state) = state {
                swallow(contain(|| make.end(state)));
            }
        }
    }
}
