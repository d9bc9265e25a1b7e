//! Each buffer is copied on its way there and on its way back, as `postMessage`
//! does without a transfer list.

use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread::{self, JoinHandle};

/// A worker that works on copies.
pub struct Worker {
    there: Sender<Vec<u8>>,
    back: Receiver<Vec<u8>>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts a worker that calls `change` on a copy of each buffer.
    pub fn spawn(mut change: impl FnMut(&mut Vec<u8>) + Send + 'static) -> Worker {
        let (there, incoming) = channel::unbounded::<Vec<u8>>();
        let (outgoing, back) = channel::unbounded();
        let thread = thread::spawn(move || {
            for mut buffer in incoming {
                change(&mut buffer);
                if outgoing.send(buffer.clone()).is_err() {
                    break;
                }
            }
        });
        Worker {
            there,
            back,
            thread,
        }
    }

    /// Sends a copy of `buffer`.
    ///
    /// # Errors
    ///
    /// [`Disconnected`] if the worker has ended.
    pub fn send(&self, buffer: Vec<u8>) -> Result<(), Disconnected> {
        let sent = self.there.send(buffer.clone());
        sent.map_err(|_| Disconnected(buffer))
    }

    /// Waits for the next buffer.
    pub fn recv(&self) -> Option<Vec<u8>> {
        self.back.recv().ok()
    }

    /// Hangs up, waits, and returns what was not received.
    pub fn shutdown(self) -> Vec<Vec<u8>> {
        drop(self.there);
        let left = self.back.iter().collect();
        let _ = self.thread.join();
        left
    }
}

/// The worker has ended; the buffer comes back.
pub struct Disconnected(pub Vec<u8>);

impl fmt::Debug for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disconnected({} bytes)", self.0.len())
    }
}
