//! A fast producer, a slow consumer, and two places.
//!
//! The producer makes an item in 4 ticks, the consumer needs 30 for one. When the
//! two places are taken, `push` waits: the producer slows down to the consumer.

use std::time::Duration;

use bounded_queue::{BoundedQueue, RejectionPolicy};
use wt_check::trace::span;
use wt_core::sync::Arc;
use wt_core::thread;

const ITEMS: u32 = 5;

pub fn scenario() {
    let queue = Arc::new(BoundedQueue::new(2, RejectionPolicy::Block));
    let items = Arc::clone(&queue);
    let consumer = named("consumer", move || {
        while let Some(item) = items.pop() {
            work(&format!("use {item}"), 30);
        }
    });
    let producer = named("producer", move || {
        for item in 1..=ITEMS {
            work(&format!("make {item}"), 4);
            let pushed = queue.push(item);
            assert!(pushed.is_ok(), "the queue is open");
        }
        queue.close();
    });
    producer.join().expect("the producer does not panic");
    consumer.join().expect("the consumer does not panic");
}

fn named(name: &str, f: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    let builder = thread::Builder::new().name(name.into());
    builder.spawn(f).expect("the system starts another thread")
}

fn work(name: &str, ticks: u64) {
    span(name, || thread::sleep(Duration::from_millis(ticks)));
}
