//! Lesson 18: few large messages instead of many small ones. The brief is in `README.md`.
//!
//! You may use `wt_core::{channel, sync, time}` and std.

use wt_core::channel::{Receiver, Sender};
use wt_core::time::{Clock, Duration, Instant};

/// When a batch is sent: when it is full, or when its oldest item is old enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// So many items are a full batch.
    pub items: usize,
    /// So long an item may wait. With [`Duration::MAX`] it may wait for ever.
    pub age: Duration,
}

/// What the thread that runs [`run`] receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<T> {
    /// One more item.
    Item(T),
    /// Some time has passed; how much, the clock knows.
    Tick,
}

/// Collects items until they are worth a message.
#[derive(Debug)]
pub struct Batcher<T, C> {
    limits: Limits,
    clock: C,
    items: Vec<T>,
    // Which moment must a batcher remember?
}

impl<T, C: Clock> Batcher<T, C> {
    /// An empty batcher.
    ///
    /// # Panics
    ///
    /// Panics if `limits.items` is 0: no batch could ever be sent.
    pub fn new(limits: Limits, clock: C) -> Self {
        assert!(limits.items > 0, "a batch of 0 items is never full");
        Self {
            limits,
            clock,
            items: Vec::new(),
        }
    }

    /// Adds an item, and returns the batch if that makes it full, or if it is due.
    pub fn push(&mut self, item: T) -> Option<Vec<T>> {
        self.items.push(item);
        let full = self.items.len() >= self.limits.items;
        todo!("return the batch if it is full ({full}) or due")
    }

    /// Returns the batch if its oldest item has reached the age limit.
    pub fn tick(&mut self) -> Option<Vec<T>> {
        let (now, age) = (self.clock.now(), self.limits.age);
        todo!("return the batch if it is {age:?} old at {now:?}")
    }

    /// Returns what there is, full or not; `None` if there is nothing.
    pub fn flush(&mut self) -> Option<Vec<T>> {
        todo!("return the {} items that wait", self.items.len())
    }

    /// When [`tick`](Self::tick) will return a batch. `None` if nothing waits, or if it
    /// may wait for ever.
    pub fn due(&self) -> Option<Instant> {
        todo!("say when the batch is old enough")
    }
}

/// Turns items into batches until all senders of `events` are gone; then sends the rest
/// and returns how many batches it has sent.
///
/// Blocks while there is no event, and while `batches` has no room: a slow consumer
/// slows the producers down.
///
/// # Errors
///
/// The batch that could not be sent, if nobody receives batches any more.
pub fn run<T, C: Clock>(
    events: &Receiver<Event<T>>,
    batches: &Sender<Vec<T>>,
    limits: Limits,
    clock: C,
) -> Result<usize, Vec<T>> {
    let batcher = Batcher::<T, _>::new(limits, clock);
    let _ = (events, batches, batcher);
    todo!("turn events into batches")
}
