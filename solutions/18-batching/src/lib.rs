//! Batching: many small messages become few large ones, by size and by age.
//!
//! Also known as coalescing or micro-batching; in networks it is Nagle's algorithm, in
//! databases group commit.

use std::mem;

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
    /// When the *first* of `items` has waited long enough. `None` if there is none, or
    /// if that time never comes.
    due: Option<Instant>,
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
            due: None,
        }
    }

    /// Adds an item, and returns the batch if that makes it full, or if it is due.
    pub fn push(&mut self, item: T) -> Option<Vec<T>> {
        if self.items.is_empty() {
            // The age of a batch is the age of its oldest item. Counted from the
            // newest, a steady trickle would put the end off for ever.
            self.due = self.clock.now().checked_add(self.limits.age);
        }
        self.items.push(item);
        if self.items.len() < self.limits.items {
            return self.tick();
        }
        self.flush()
    }

    /// Returns the batch if its oldest item has reached the age limit.
    pub fn tick(&mut self) -> Option<Vec<T>> {
        if self.due? > self.clock.now() {
            return None;
        }
        self.flush()
    }

    /// Returns what there is, full or not; `None` if there is nothing.
    pub fn flush(&mut self) -> Option<Vec<T>> {
        self.due = None;
        let batch = mem::take(&mut self.items);
        (!batch.is_empty()).then_some(batch)
    }

    /// When [`tick`](Self::tick) will return a batch. `None` if nothing waits, or if it
    /// may wait for ever.
    pub fn due(&self) -> Option<Instant> {
        self.due
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
    let mut batcher = Batcher::new(limits, clock);
    let mut sent = 0;
    let mut send = |batch: Option<Vec<T>>| -> Result<(), Vec<T>> {
        let Some(batch) = batch else { return Ok(()) };
        batches
            .send(batch)
            .map_err(|refused| refused.into_inner())?;
        sent += 1;
        Ok(())
    };
    for event in events {
        send(match event {
            Event::Item(item) => batcher.push(item),
            Event::Tick => batcher.tick(),
        })?;
    }
    // Nobody will come and make the last batch full, or tick.
    send(batcher.flush())?;
    Ok(sent)
}
