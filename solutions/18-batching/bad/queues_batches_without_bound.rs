//! Must fail: a_slow_consumer_slows_the_producer (wrong)
//! Hint: When the consumer has no room, you go on collecting. Where do the items wait meanwhile, and what bounds that place?
//!
//! The mistake: batches that find no room wait in a list of their own. The queue before the
//! batcher is bounded, the one behind it is, too; this one is not.

use std::collections::VecDeque;
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
    let mut waiting = VecDeque::new();
    let mut send = |batch: Option<Vec<T>>| -> Result<(), Vec<T>> {
        let Some(batch) = batch else { return Ok(()) };
        waiting.push_back(batch);
        while let Some(batch) = waiting.pop_front() {
            match batches.try_send(batch) {
                Ok(()) => sent += 1,
                Err(TrySendError::Full(batch)) => {
                    waiting.push_front(batch);
                    return Ok(());
                }
                Err(TrySendError::Disconnected(batch)) => return Err(batch),
            }
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
    for batch in waiting {
        batches
            .send(batch)
            .map_err(|refused| refused.into_inner())?;
        sent += 1;
    }
    Ok(sent)
}
