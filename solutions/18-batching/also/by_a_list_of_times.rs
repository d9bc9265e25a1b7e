//! Also right: every item has its time, and a batch is cut off the front of one queue
//!
//! Nothing is set or reset: whether a batch is full or due is seen from the queue itself. It
//! costs an `Instant` for each item, and moves the items of a batch into a new `Vec`.

use std::collections::VecDeque;

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
    waiting: VecDeque<(Instant, T)>,
}

impl<T, C: Clock> Batcher<T, C> {
    pub fn new(limits: Limits, clock: C) -> Self {
        assert!(limits.items > 0, "a batch of 0 items is never full");
        Self {
            limits,
            clock,
            waiting: VecDeque::with_capacity(limits.items),
        }
    }

    pub fn push(&mut self, item: T) -> Option<Vec<T>> {
        self.waiting.push_back((self.clock.now(), item));
        let full = self.waiting.len() == self.limits.items;
        if full { self.flush() } else { self.tick() }
    }

    pub fn tick(&mut self) -> Option<Vec<T>> {
        let &(since, _) = self.waiting.front()?;
        let old = self.clock.now().duration_since(since) >= self.limits.age;
        old.then(|| self.flush()).flatten()
    }

    pub fn flush(&mut self) -> Option<Vec<T>> {
        self.waiting.front()?;
        Some(self.waiting.drain(..).map(|(_, item)| item).collect())
    }

    pub fn due(&self) -> Option<Instant> {
        self.waiting.front()?.0.checked_add(self.limits.age)
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
    loop {
        let event = events.recv();
        let end = event.is_err();
        let batch = match event {
            Ok(Event::Item(item)) => batcher.push(item),
            Ok(Event::Tick) => batcher.tick(),
            Err(_) => batcher.flush(),
        };
        if let Some(batch) = batch {
            batches
                .send(batch)
                .map_err(|refused| refused.into_inner())?;
            sent += 1;
        }
        if end {
            return Ok(sent);
        }
    }
}
