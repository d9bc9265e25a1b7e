//! One message to many: each subscriber gets its own copy, in its own queue.
//!
//! Node calls it a `BroadcastChannel`. A copy is a `clone`, so send an `Arc` or a
//! [`SharedSlice`](crate::buffer::SharedSlice) if the message is large.

use std::fmt;
use std::iter;

use wt_sync::sync::atomic::{AtomicU64, Ordering};
use wt_sync::sync::{Arc, Mutex, PoisonError};
use wt_sync::time::Duration;

use super::error::{RecvError, RecvTimeoutError, TryRecvError};
use super::link::Link;

/// What happens to a message for a subscriber whose queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lag {
    /// The sender waits until there is room: nobody misses anything, and the slowest
    /// subscriber sets the pace.
    Wait,
    /// The subscriber's oldest unread message is dropped: nobody waits, and a slow
    /// subscriber [misses](Subscription::missed) some.
    DropOldest,
}

/// Sends each message to all who are subscribed at that moment. Share it by
/// reference or in an `Arc`.
///
/// Dropping it ends the subscriptions, once they have read the rest.
///
/// # Examples
///
/// ```
/// use wt_core::port::{Broadcast, Lag};
///
/// let news = Broadcast::new(16, Lag::Wait);
/// let (a, b) = (news.subscribe(), news.subscribe());
/// assert_eq!(news.send("hello"), 2);
/// assert_eq!(a.recv(), Ok("hello"));
/// drop(a);
/// assert_eq!(news.send("again"), 1);
/// drop(news);
/// assert!(b.iter().eq(["hello", "again"]));
/// ```
pub struct Broadcast<T> {
    subscribers: Arc<Subscribers<T>>,
}

impl<T> Broadcast<T> {
    /// Each subscriber gets a queue of `capacity` messages. With 0 and [`Lag::Wait`]
    /// the sender meets each subscriber in a `recv`.
    #[must_use]
    pub fn new(capacity: usize, lag: Lag) -> Self {
        Self {
            subscribers: Arc::new(Subscribers::new(capacity, lag)),
        }
    }

    /// Subscribes to what is sent from now on.
    #[must_use = "dropping a subscription ends it"]
    pub fn subscribe(&self) -> Subscription<T> {
        self.subscribers.subscribe(None)
    }

    /// Sends a clone of `message` to each subscriber. Returns how many took it.
    /// Blocks, under [`Lag::Wait`], while one of their queues is full.
    ///
    /// Who unsubscribes meanwhile may get it or not. Two sends at once may come in a
    /// different order at different subscribers.
    pub fn send(&self, message: T) -> usize
    where
        T: Clone,
    {
        self.subscribers.send(message)
    }

    /// How many are subscribed.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.subscribers.seats().len()
    }
}

impl<T> Drop for Broadcast<T> {
    fn drop(&mut self) {
        self.subscribers.close();
    }
}

/// All seats of one broadcast or topic.
pub(super) struct Subscribers<T> {
    capacity: usize,
    lag: Lag,
    /// Replaced as a whole, so that a send holds no lock while it clones and waits.
    seats: Mutex<Arc<Vec<Arc<Seat<T>>>>>,
}

struct Seat<T> {
    link: Arc<Link<T>>,
    missed: AtomicU64,
}

/// Called when a subscription has ended.
pub(super) type OnEnd = Box<dyn FnOnce() + Send + Sync>;

impl<T> Subscribers<T> {
    pub(super) fn new(capacity: usize, lag: Lag) -> Self {
        Self {
            capacity,
            lag,
            seats: Mutex::default(),
        }
    }

    pub(super) fn subscribe(self: &Arc<Self>, on_end: Option<OnEnd>) -> Subscription<T> {
        let seat = Arc::new(Seat {
            link: Link::new(Some(self.capacity)),
            missed: AtomicU64::new(0),
        });
        self.change(|seats| seats.push(Arc::clone(&seat)));
        Subscription {
            seat,
            subscribers: Arc::clone(self),
            on_end,
        }
    }

    pub(super) fn send(&self, message: T) -> usize
    where
        T: Clone,
    {
        let seats = self.seats();
        let Some((last, others)) = seats.split_last() else {
            return 0;
        };
        // The last one gets the message itself.
        let sent = others
            .iter()
            .filter(|seat| seat.send(message.clone(), self.lag))
            .count();
        sent + usize::from(last.send(message, self.lag))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seats().is_empty()
    }

    pub(super) fn close(&self) {
        for seat in self.seats().iter() {
            seat.link.close_sender();
        }
    }

    fn leave(&self, leaving: &Arc<Seat<T>>) {
        self.change(|seats| seats.retain(|seat| !Arc::ptr_eq(seat, leaving)));
    }

    fn seats(&self) -> Arc<Vec<Arc<Seat<T>>>> {
        Arc::clone(&self.seats.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Seat<T>>>)) {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = seats.to_vec();
        change(&mut changed);
        // No seat is dropped here: the one that leaves is held by its subscription.
        *seats = Arc::new(changed);
    }
}

impl<T> Seat<T> {
    fn send(&self, message: T, lag: Lag) -> bool {
        match lag {
            Lag::Wait => self.link.send(message).is_ok(),
            Lag::DropOldest => match self.link.force_send(message) {
                Ok(dropped) => {
                    if dropped.is_some() {
                        self.missed.fetch_add(1, Ordering::Relaxed);
                    }
                    true
                }
                Err(_) => false,
            },
        }
    }
}

/// One place in a [`Broadcast`] or at a topic of [`Topics`](super::Topics). Dropping
/// it unsubscribes.
///
/// Share it by reference to receive from several threads; each message is then
/// received by one of them.
#[must_use = "dropping a subscription ends it"]
pub struct Subscription<T> {
    seat: Arc<Seat<T>>,
    subscribers: Arc<Subscribers<T>>,
    on_end: Option<OnEnd>,
}

impl<T> Subscription<T> {
    /// Receives the oldest message. Blocks until there is one, or the sender is gone
    /// and everything is read.
    ///
    /// # Errors
    ///
    /// Returns [`RecvError`] in the latter case.
    pub fn recv(&self) -> Result<T, RecvError> {
        self.link().recv()
    }

    /// Receives the oldest message if there is one. Never blocks.
    ///
    /// # Errors
    ///
    /// Returns [`TryRecvError`]: nothing is there yet, or never will be.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.link().try_recv()
    }

    /// Receives the oldest message. Blocks until there is one, the sender is gone, or
    /// `timeout` has passed.
    ///
    /// # Errors
    ///
    /// Returns [`RecvTimeoutError`] in the latter two cases.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.link().recv_timeout(timeout)
    }

    /// Receives the oldest message. The task, not the thread, waits. Dropping the
    /// future before it is ready loses no message.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub async fn recv_async(&self) -> Result<T, RecvError> {
        self.link().recv_async().await
    }

    /// The messages as they come, until the sender is gone and everything is read.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        iter::from_fn(|| self.recv().ok())
    }

    /// How many messages were dropped because they were not read in time. Always 0
    /// under [`Lag::Wait`].
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.seat.missed.load(Ordering::Relaxed)
    }

    pub(super) fn link(&self) -> &Link<T> {
        &self.seat.link
    }
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        self.subscribers.leave(&self.seat);
        // A sender that waits for room in this queue stops waiting.
        let unread = self.seat.link.close_receiver();
        if let Some(on_end) = self.on_end.take() {
            on_end();
        }
        drop(unread);
    }
}

impl<T> fmt::Debug for Broadcast<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast")
            .field("subscribers", &self.subscribers())
            .field("capacity", &self.subscribers.capacity)
            .field("lag", &self.subscribers.lag)
            .finish()
    }
}

impl<T> fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("unread", &self.link().len())
            .field("missed", &self.missed())
            .finish_non_exhaustive()
    }
}
