//! One direction of a port, on a flume channel.
//!
//! flume keeps unread messages alive after the receiver is gone, until the last
//! sender goes too. A port or a request in such a message would then never hang
//! up. So the sender lives in a slot that both sides share, and the receiving
//! side empties the slot when it goes.

use std::mem;

use wt_sync::sync::{Arc, Mutex, PoisonError};
use wt_sync::time::Duration;

use super::error::{SendError, SendTimeoutError, TrySendError};

/// A reference to the slot of one sender. Whichever is dropped first empties it.
pub(super) struct Outlet<T> {
    slot: Arc<Mutex<Option<flume::Sender<T>>>>,
}

/// Makes one direction: the outlet to send on, one to be dropped after the
/// receiver, and the receiver.
pub(super) fn link<T>(capacity: Option<usize>) -> (Outlet<T>, Outlet<T>, flume::Receiver<T>) {
    let (sender, receiver) = capacity.map_or_else(flume::unbounded, flume::bounded);
    let slot = Arc::new(Mutex::new(Some(sender)));
    let outlet = Outlet {
        slot: Arc::clone(&slot),
    };
    (outlet, Outlet { slot }, receiver)
}

impl<T> Outlet<T> {
    pub(super) fn send(&self, message: T) -> Result<(), SendError<T>> {
        match self.sender() {
            Some(sender) => Ok(sender.send(message)?),
            None => Err(SendError(message)),
        }
    }

    pub(super) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        match self.sender() {
            Some(sender) => Ok(sender.try_send(message)?),
            None => Err(TrySendError::Disconnected(message)),
        }
    }

    pub(super) fn send_timeout(
        &self,
        message: T,
        timeout: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        match self.sender() {
            Some(sender) => Ok(sender.send_timeout(message, timeout)?),
            None => Err(SendTimeoutError::Disconnected(message)),
        }
    }

    pub(super) async fn send_async(&self, message: T) -> Result<(), SendError<T>> {
        match self.sender() {
            Some(sender) => Ok(sender.into_send_async(message).await?),
            None => Err(SendError(message)),
        }
    }

    /// A sender for one message. It is a clone, so that the slot can be emptied
    /// while a send waits; the receiver is gone by then, which ends the wait.
    fn sender(&self) -> Option<flume::Sender<T>> {
        self.slot
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl<T> Drop for Outlet<T> {
    fn drop(&mut self) {
        let sender = mem::take(&mut *self.slot.lock().unwrap_or_else(PoisonError::into_inner));
        // Dropped unlocked: the last sender takes unread messages, foreign code, with it.
        drop(sender);
    }
}
