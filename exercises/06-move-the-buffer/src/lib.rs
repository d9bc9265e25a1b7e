//! A worker that changes large buffers in place.
//!
//! A buffer goes to the worker by move and comes back by move. What crosses
//! between the threads is the `Vec` itself: a pointer, a capacity and a length.
//! The bytes stay where they are.
//!
//! You may use `wt_core::{thread, channel, sync}` and std.

use std::fmt;

/// A thread that changes one buffer after another, in the order they were sent.
///
/// A `Worker` may itself be moved to another thread.
pub struct Worker {
    // What must the caller hold to send, to receive, and to wait for the end?
}

impl Worker {
    /// Starts one thread that calls `change` on each buffer it is sent.
    ///
    /// A panic in `change` ends the thread. The buffer it was changing is lost,
    /// and so are those that still waited in line.
    pub fn spawn(change: impl FnMut(&mut Vec<u8>) + Send + 'static) -> Worker {
        drop(change);
        todo!("start the thread that changes buffers")
    }

    /// Gives `buffer` to the worker. Never waits for the worker.
    ///
    /// # Errors
    ///
    /// Returns [`Disconnected`] with the same buffer inside once the worker's
    /// thread has ended.
    pub fn send(&self, buffer: Vec<u8>) -> Result<(), Disconnected> {
        todo!("move {} bytes to the worker", buffer.len())
    }

    /// Waits for the next changed buffer.
    ///
    /// Call it once for each buffer sent: while the worker lives and has nothing
    /// to do, this blocks. `None` means that the worker's thread has ended and
    /// that no changed buffer is left.
    pub fn recv(&self) -> Option<Vec<u8>> {
        todo!("take the next changed buffer")
    }

    /// Lets the worker change every buffer already sent, waits for its thread to
    /// end, and returns the buffers that nobody has received, in order.
    ///
    /// After a panic in `change` it returns those that were changed before it.
    pub fn shutdown(self) -> Vec<Vec<u8>> {
        todo!("hang up, wait, and bring the buffers home")
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
