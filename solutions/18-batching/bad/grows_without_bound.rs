//! Must fail: a_slow_consumer_slows_the_producer (wrong)
//! Hint: When the consumer has no room, you go on collecting. Where do the items wait meanwhile, and what bounds that place?
//!
//! The mistake: when there is no room for a batch, its items go on waiting and more are added
//! to them. The batcher always has time for the producer, and the memory is the only bound.

use std::mem;

use wt_core::channel::{Receiver, Sender, TrySendError};
use wt_core::time::{Clock, Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub items: usize,
    pub age: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<T> {
    Item(T),
    Tick,
}

#[derive(Debug)]
pub struct Batcher<T, C> {
    limits: Limits,
    clock: C,
    items: Vec<T>,
    due: Option<Instant>,
}

impl<T, C: Clock> Batcher<T, C> {
    pub fn new(limits: Limits, clock: C) -> Self {
        assert!(limits.items > 0, "a batch of 0 items is never full");
        Self {
            limits,
            clock,
            items: Vec::new(),
            due: None,
        }
    }

    pub fn push(&mut self, item: T) -> Option<Vec<T>> {
        if self.items.is_empty() {
            self.due = self.clock.now().checked_add(self.limits.age);
        }
        self.items.push(item);
        if self.items.len() < self.limits.items {
            return self.tick();
        }
        self.flush()
    }

    pub fn tick(&mut self) -> Option<Vec<T>> {
        if self.due? > self.clock.now() {
            return None;
        }
        self.flush()
    }

    pub fn flush(&mut self) -> Option<Vec<T>> {
        self.due = None;
        let batch = mem::take(&mut self.items);
        (!batch.is_empty()).then_some(batch)
    }

    pub fn due(&self) -> Option<Instant> {
        self.due
    }
}

pub fn run<T, C: Clock>(
    events: &Receiver<Event<T>>,
    batches: &Sender<Vec<T>>,
    limits: Limits,
    clock: C,
) -> Result<usize, Vec<T>> {
    let mut batcher = Batcher::new(limits, clock);
    let mut sent = 0;
    let mut backlog = Vec::new();
    let mut send = |batch: Option<Vec<T>>| -> Result<(), Vec<T>> {
        let Some(batch) = batch else { return Ok(()) };
        backlog.extend(batch);
        match batches.try_send(mem::take(&mut backlog)) {
            Ok(()) => sent += 1,
            Err(TrySendError::Full(items)) => backlog = items,
            Err(TrySendError::Disconnected(items)) => return Err(items),
        }
        Ok(())
    };
    for event in events {
        send(match event {
            Event::Item(item) => batcher.push(item),
            Event::Tick => batcher.tick(),
        })?;
    }
    send(batcher.flush())?;
    if !backlog.is_empty() {
        batches
            .send(backlog)
            .map_err(|refused| refused.into_inner())?;
        sent += 1;
    }
    Ok(sent)
}
