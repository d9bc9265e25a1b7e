//! Must fail: an_ended_worker_gives_the_buffer_back (wrong)
//! Hint: The worker has ended, and what `send` hands back is not the buffer that it was given. What is inside the channel's error?
//!
//! The mistake: the error of the channel is thrown away, and the buffer with it.
//! What the caller gets back is an empty vector.

use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread::{self, JoinHandle};

/// A thread that changes one buffer after another, in the order they were sent.
///
/// Both queues are unbounded. The caller sets the bound: a buffer is in a queue
/// only because the caller put it there, and none is made on the way.
pub struct Worker {
    to_worker: Sender<Vec<u8>>,
    from_worker: Receiver<Vec<u8>>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts one thread that calls `change` on each buffer it is sent.
    ///
    /// A panic in `change` ends the thread. The buffer it was changing is lost,
    /// and so are those that still waited in line. Dropping the worker without
    /// [`shutdown`](Self::shutdown) lets the thread end on its own.
    ///
    /// # Panics
    ///
    /// When the operating system has no thread left, as [`std::thread::spawn`].
    pub fn spawn(mut change: impl FnMut(&mut Vec<u8>) + Send + 'static) -> Worker {
        let (to_worker, inbox) = channel::unbounded::<Vec<u8>>();
        let (outbox, from_worker) = channel::unbounded();
        // The thread owns `inbox` and `outbox` alone: however it ends, by hang-up
        // or by a panic, both channels close with it and nobody waits for ever.
        let thread = thread::spawn(move || {
            for mut buffer in inbox {
                change(&mut buffer);
                if outbox.send(buffer).is_err() {
                    break;
                }
            }
        });
        Worker {
            to_worker,
            from_worker,
            thread,
        }
    }

    /// Gives `buffer` to the worker. Never waits for the worker.
    ///
    /// # Errors
    ///
    /// Returns [`Disconnected`] with the same buffer inside once the worker's
    /// thread has ended.
    pub fn send(&self, buffer: Vec<u8>) -> Result<(), Disconnected> {
        self.to_worker
            .send(buffer)
            .map_err(|_| Disconnected(Vec::new()))
    }

    /// Waits for the next changed buffer.
    ///
    /// Call it once for each buffer sent: while the worker lives and has nothing
    /// to do, this blocks. `None` means that the worker's thread has ended and
    /// that no changed buffer is left.
    pub fn recv(&self) -> Option<Vec<u8>> {
        self.from_worker.recv().ok()
    }

    /// Lets the worker change every buffer already sent, waits for its thread to
    /// end, and returns the buffers that nobody has received, in order.
    ///
    /// After a panic in `change` it returns those that were changed before it.
    pub fn shutdown(self) -> Vec<Vec<u8>> {
        let Worker {
            to_worker,
            from_worker,
            thread,
        } = self;
        drop(to_worker);
        // The iterator ends when the thread drops its sender, so `join` waits only
        // for the last steps of a thread that is done. Its `Err` is the panic,
        // which the hook has printed and `send` and `recv` have reported.
        let buffers = from_worker.iter().collect();
        let _ = thread.join();
        buffers
    }
}

/// The worker's thread has ended. The buffer that it did not take is inside.
#[derive(PartialEq, Eq)]
pub struct Disconnected(pub Vec<u8>);

impl fmt::Debug for Disconnected {
    /// Shows the length and not the bytes: an `unwrap` must not print 16 MiB.
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
