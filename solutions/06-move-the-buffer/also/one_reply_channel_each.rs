//! Also right: std's channels, and a slot of its own for each answer.
//!
//! Each message carries the sender for its answer, so the answers need no queue.
//! Moving the `Vec` into a message does not move its bytes either.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;

use wt_core::sync::mpsc::{self, Receiver, Sender};
use wt_core::thread::{self, JoinHandle};

struct Job {
    buffer: Vec<u8>,
    reply: Sender<Vec<u8>>,
}

/// A thread that changes one buffer after another, in the order they were sent.
pub struct Worker {
    to_worker: Sender<Job>,
    replies: RefCell<VecDeque<Receiver<Vec<u8>>>>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts one thread that calls `change` on each buffer it is sent.
    pub fn spawn(mut change: impl FnMut(&mut Vec<u8>) + Send + 'static) -> Worker {
        let (to_worker, inbox) = mpsc::channel::<Job>();
        let thread = thread::spawn(move || {
            for Job { mut buffer, reply } in inbox {
                change(&mut buffer);
                let _ = reply.send(buffer);
            }
        });
        Worker {
            to_worker,
            replies: RefCell::default(),
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
        let (reply, answer) = mpsc::channel();
        self.to_worker
            .send(Job { buffer, reply })
            .map_err(|refused| Disconnected(refused.0.buffer))?;
        self.replies.borrow_mut().push_back(answer);
        Ok(())
    }

    /// Waits for the next changed buffer; `None` when the worker has ended before
    /// it changed it, or when no buffer is out.
    pub fn recv(&self) -> Option<Vec<u8>> {
        let next = self.replies.borrow_mut().pop_front()?;
        next.recv().ok()
    }

    /// Lets the worker change every buffer already sent, waits for its thread to
    /// end, and returns the buffers that nobody has received, in order.
    pub fn shutdown(self) -> Vec<Vec<u8>> {
        let Worker {
            to_worker,
            replies,
            thread,
        } = self;
        drop(to_worker);
        let _ = thread.join();
        replies
            .into_inner()
            .into_iter()
            .map_while(|reply| reply.recv().ok())
            .collect()
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
