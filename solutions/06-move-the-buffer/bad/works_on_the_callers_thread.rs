//! Must fail: one_other_thread_does_all_the_work (wrong), an_ended_worker_gives_the_buffer_back (wrong), recv_is_none_once_the_worker_has_ended (wrong), shutdown_after_a_panic_returns_what_was_changed (wrong)
//! Hint: No other thread works here: the caller's own thread does it all when it asks for the result. What would have to start in `spawn`, and how does a buffer get there?
//!
//! The mistake: no thread at all. `recv` does the work when it is asked. Every
//! answer is right, nothing is copied, and nothing runs at the same time.

use std::collections::VecDeque;
use std::fmt;

use wt_core::sync::Mutex;

type Change = Box<dyn FnMut(&mut Vec<u8>) + Send>;

/// A queue of buffers.
pub struct Worker {
    waiting: Mutex<VecDeque<Vec<u8>>>,
    change: Mutex<Change>,
}

impl Worker {
    /// Keeps `change` for later.
    pub fn spawn(change: impl FnMut(&mut Vec<u8>) + Send + 'static) -> Worker {
        Worker {
            waiting: Mutex::default(),
            change: Mutex::new(Box::new(change)),
        }
    }

    /// Queues `buffer`.
    ///
    /// # Errors
    ///
    /// Never fails.
    pub fn send(&self, buffer: Vec<u8>) -> Result<(), Disconnected> {
        self.waiting.lock().unwrap().push_back(buffer);
        Ok(())
    }

    /// Changes the next buffer.
    pub fn recv(&self) -> Option<Vec<u8>> {
        let mut buffer = self.waiting.lock().unwrap().pop_front()?;
        (self.change.lock().unwrap())(&mut buffer);
        Some(buffer)
    }

    /// Changes what is left.
    pub fn shutdown(self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.recv()).collect()
    }
}

/// Never made.
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
