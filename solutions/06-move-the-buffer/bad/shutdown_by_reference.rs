//! Must fail: use_after_shutdown_is_an_error (wrong)
//! Hint: After `shutdown` the worker can still be used; that is found when the program runs, if at all. How could the signature make such a program impossible to compile?
//!
//! The mistake: `shutdown` borrows the worker. A `send` after it then compiles,
//! and every caller has to remember what the type could have told.

use std::fmt;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::Mutex;
use wt_core::thread::{self, JoinHandle};

/// A thread that changes one buffer after another, in the order they were sent.
///
/// Both queues are unbounded. The caller sets the bound: a buffer is in a queue
/// only because the caller put it there, and none is made on the way.
pub struct Worker {
    to_worker: Mutex<Option<Sender<Vec<u8>>>>,
    from_worker: Receiver<Vec<u8>>,
    thread: Mutex<Option<JoinHandle<()>>>,
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
        let to_worker = Mutex::new(Some(to_worker));
        Worker {
            to_worker,
            from_worker,
            thread: Mutex::new(Some(thread)),
        }
    }

    /// Gives `buffer` to the worker. Never waits for the worker.
    ///
    /// # Errors
    ///
    /// Returns [`Disconnected`] with the same buffer inside once the worker's
    /// thread has ended.
    pub fn send(&self, buffer: Vec<u8>) -> Result<(), Disconnected> {
        match &*self.to_worker.lock().unwrap() {
            Some(open) => open
                .send(buffer)
                .map_err(|refused| Disconnected(refused.into_inner())),
            None => Err(Disconnected(buffer)),
        }
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
    pub fn shutdown(&self) -> Vec<Vec<u8>> {
        drop(self.to_worker.lock().unwrap().take());
        // The iterator ends when the thread drops its sender, so `join` waits only
        // for the last steps of a thread that is done. Its `Err` is the panic,
        // which the hook has printed and `send` and `recv` have reported.
        let buffers = self.from_worker.iter().collect();
        let thread = self.thread.lock().unwrap().take();
        let _ = thread.map(JoinHandle::join);
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
