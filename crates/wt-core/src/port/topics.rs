//! Topics: broadcasts that are told apart by a key. Also known as publish-subscribe.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

use wt_sync::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::broadcast::{Lag, OnEnd, Subscribers, Subscription};

/// Sends messages to those who subscribed to their key. Share it by reference or in
/// an `Arc`.
///
/// A topic exists while somebody is subscribed to it. Dropping the `Topics` ends the
/// subscriptions, once they have read the rest.
///
/// # Examples
///
/// ```
/// use wt_core::port::{Lag, Topics};
///
/// let topics = Topics::new(16, Lag::DropOldest);
/// let errors = topics.subscribe("error");
/// assert_eq!(topics.publish("error", 7), 1);
/// assert_eq!(topics.publish("debug", 8), 0);
/// assert_eq!(errors.recv(), Ok(7));
/// drop(errors);
/// assert_eq!(topics.publish("error", 9), 0);
/// ```
pub struct Topics<K, T> {
    capacity: usize,
    lag: Lag,
    topics: Arc<Mutex<Map<K, T>>>,
}

type Map<K, T> = HashMap<K, Arc<Subscribers<T>>>;

impl<K: Eq + Hash, T> Topics<K, T> {
    /// Each subscriber gets a queue of `capacity` messages, and `lag` says what
    /// happens when it is full.
    #[must_use]
    pub fn new(capacity: usize, lag: Lag) -> Self {
        Self {
            capacity,
            lag,
            topics: Arc::default(),
        }
    }

    /// Subscribes to what is published under `key` from now on. Dropping the
    /// subscription ends it.
    #[must_use = "dropping a subscription ends it"]
    pub fn subscribe(&self, key: K) -> Subscription<T>
    where
        K: Clone + Send + Sync + 'static,
        T: Send + 'static,
    {
        let on_end = self.forget_if_empty(key.clone());
        let mut topics = lock(&self.topics);
        let new = || Arc::new(Subscribers::new(self.capacity, self.lag));
        // Under the lock, so that the topic is not forgotten in between.
        topics
            .entry(key)
            .or_insert_with(new)
            .subscribe(Some(on_end))
    }

    /// Sends a clone of `message` to each subscriber of `key`. Returns how many took
    /// it. Blocks, under [`Lag::Wait`], while one of their queues is full.
    pub fn publish<Q>(&self, key: &Q, message: T) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
        T: Clone,
    {
        let subscribers = lock(&self.topics).get(key).cloned();
        subscribers.map_or(0, |subscribers| subscribers.send(message))
    }

    /// How many topics have subscribers.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.topics).len()
    }

    /// Whether nobody is subscribed to anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn forget_if_empty(&self, key: K) -> OnEnd
    where
        K: Send + Sync + 'static,
        T: Send + 'static,
    {
        // Weak: a subscription that outlives its topics has nothing to tidy up.
        let topics = Arc::downgrade(&self.topics);
        Box::new(move || {
            let Some(topics) = topics.upgrade() else {
                return;
            };
            let mut map = lock(&topics);
            let forgotten = match map.get(&key) {
                Some(subscribers) if subscribers.is_empty() => map.remove_entry(&key),
                _ => None,
            };
            drop(map);
            // A key is foreign code, so it is dropped unlocked.
            drop(forgotten);
        })
    }
}

impl<K, T> Drop for Topics<K, T> {
    fn drop(&mut self) {
        for subscribers in lock(&self.topics).values() {
            subscribers.close();
        }
    }
}

fn lock<K, T>(topics: &Mutex<Map<K, T>>) -> MutexGuard<'_, Map<K, T>> {
    topics.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K, T> fmt::Debug for Topics<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topics")
            .field("topics", &lock(&self.topics).len())
            .finish_non_exhaustive()
    }
}
