//! What a worker thread does, and how code finds out that it runs on one.

use std::cell::RefCell;

use wt_sync::sync::Arc;

use super::job::Job;
use super::queue::Queue;

thread_local! {
    /// The queue this thread works for. Set once, by `work`.
    static CURRENT: RefCell<Option<Arc<Queue>>> = const { RefCell::new(None) };
    /// The jobs that are running on this thread, outermost first. There are
    /// several when a job waits and its worker helps.
    static STACK: RefCell<Vec<*const ()>> = const { RefCell::new(Vec::new()) };
}

/// The body of a worker thread: runs jobs until the queue is closed and empty.
pub(super) fn work(queue: Arc<Queue>) {
    CURRENT.set(Some(Arc::clone(&queue)));
    while let Some(entry) = queue.next() {
        queue.run(entry);
    }
    queue.leave();
}

/// The queue that the calling thread works for, if it is a worker.
pub(super) fn current() -> Option<Arc<Queue>> {
    // `try_with`: a destructor of another thread-local value may call this late.
    CURRENT
        .try_with(|current| current.borrow().clone())
        .ok()
        .flatten()
}

/// Whether the calling thread is a worker of `queue`.
pub(super) fn is_current(queue: &Queue) -> bool {
    CURRENT
        .try_with(|current| {
            current
                .borrow()
                .as_deref()
                .is_some_and(|own| std::ptr::eq(own, queue))
        })
        .unwrap_or(false)
}

/// Calls `f` with `job` noted as running on this thread. `f` does not unwind.
pub(super) fn on_stack<R>(job: &Arc<dyn Job>, f: impl FnOnce() -> R) -> R {
    let address = Arc::as_ptr(job).cast::<()>();
    let noted = STACK
        .try_with(|stack| stack.borrow_mut().push(address))
        .is_ok();
    let result = f();
    if noted {
        let _ = STACK.try_with(|stack| stack.borrow_mut().pop());
    }
    result
}

/// Whether the job at `address` is running on this thread, so that waiting for
/// it here would never end.
pub(super) fn is_on_stack(address: *const ()) -> bool {
    STACK
        .try_with(|stack| stack.borrow().contains(&address))
        .unwrap_or(false)
}
