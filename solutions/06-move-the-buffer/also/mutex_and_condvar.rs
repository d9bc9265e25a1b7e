//! Also right: one lock around two queues, and two condition variables.
//!
//! What the channels of the reference do by being dropped is a field here,
//! `ended`, which a guard sets however the thread ends.

use std::collections::VecDeque;
use std::fmt;

use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use wt_core::thread::{self, JoinHandle};

/// A thread that changes one buffer after another, in the order they were sent.
pub struct Worker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    came: Condvar,
    done: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    changed: VecDeque<Vec<u8>>,
    no_more: bool,
    ended: bool,
}

impl Worker {
    /// Starts one thread that calls `change` on each buffer it is sent.
    pub fn spawn(mut change: impl FnMut(&mut Vec<u8>) + Send + 'static) -> Worker {
        let shared = Arc::new(Shared::default());
        let end = End(Arc::clone(&shared));
        let thread = thread::spawn(move || {
            while let Some(mut buffer) = end.0.next() {
                change(&mut buffer);
                end.0.lock().changed.push_back(buffer);
                end.0.done.notify_one();
            }
        });
        Worker {
            shared,
            thread: Some(thread),
        }
    }

    /// Gives `buffer` to the worker. Never waits for the worker.
    ///
    /// # Errors
    ///
    /// Returns [`Disconnected`] with the same buffer inside once the worker's
    /// thread has ended.
    pub fn send(&self, buffer: Vec<u8>) -> Result<(), Disconnected> {
        let mut state = self.shared.lock();
        if state.ended {
            return Err(Disconnected(buffer));
        }
        state.waiting.push_back(buffer);
        self.shared.came.notify_one();
        Ok(())
    }

    /// Waits for the next changed buffer; `None` once the worker has ended and no
    /// changed buffer is left.
    pub fn recv(&self) -> Option<Vec<u8>> {
        let idle = |state: &mut State| state.changed.is_empty() && !state.ended;
        let state = self.shared.done.wait_while(self.shared.lock(), idle);
        state
            .unwrap_or_else(PoisonError::into_inner)
            .changed
            .pop_front()
    }

    /// Lets the worker change every buffer already sent, waits for its thread to
    /// end, and returns the buffers that nobody has received, in order.
    pub fn shutdown(mut self) -> Vec<Vec<u8>> {
        self.hang_up();
        let _ = self.thread.take().map(JoinHandle::join);
        self.shared.lock().changed.drain(..).collect()
    }

    fn hang_up(&self) {
        self.shared.lock().no_more = true;
        self.shared.came.notify_one();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.hang_up();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Vec<u8>> {
        let idle = |state: &mut State| state.waiting.is_empty() && !state.no_more;
        let state = self.came.wait_while(self.lock(), idle);
        state
            .unwrap_or_else(PoisonError::into_inner)
            .waiting
            .pop_front()
    }
}

/// Says that the thread has ended, also when a panic ends it.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        state.waiting.clear();
        self.0.done.notify_all();
    }
}

/// The worker's thread has ended. The buffer that it did not take is inside.
#[derive(PartialEq, Eq)]
pub struct Disconnected(pub Vec<u8>);

impl fmt::Debug for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disconnected({} bytes)", self.0.len())
    }
}

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.len();
        write!(f, "the worker has ended, {bytes} bytes come back")
    }
}

impl std::error::Error for Disconnected {}
