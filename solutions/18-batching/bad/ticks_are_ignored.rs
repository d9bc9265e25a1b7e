//! Must fail: a_tick_brings_a_waiting_item_out (wrong)
//! Hint: Your loop does nothing at a tick. Which other event looks at the clock when no item comes?
//!
//! The mistake: `run` handles items and skips ticks, "because nothing came". But that is when a
//! tick is needed: the items that wait have nobody else.

use std::mem;

use wt_core::channel::{Receiver, Sender};
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
            Event::Tick => None,
        })?;
    }
    send(batcher.flush())?;
    Ok(sent)
}
