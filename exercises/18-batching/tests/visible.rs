//! The example of the brief. The hidden checks look at much more.

use batching::{Batcher, Event, Limits, run};
use std::time::Duration;
use wt_core::channel;
use wt_core::time::SystemClock;

#[test]
fn ten_items_are_three_messages() {
    let (events, incoming) = channel::unbounded();
    let (outgoing, batches) = channel::unbounded();
    for item in 1..=10 {
        events.send(Event::Item(item)).unwrap();
    }
    drop(events);
    let limits = Limits {
        items: 4,
        age: Duration::from_secs(60),
    };
    assert_eq!(run(&incoming, &outgoing, limits, SystemClock), Ok(3));
    drop(outgoing);
    let batches: Vec<Vec<i32>> = batches.iter().collect();
    assert_eq!(batches, [vec![1, 2, 3, 4], vec![5, 6, 7, 8], vec![9, 10]]);
}

#[test]
fn an_item_that_may_not_wait_does_not_wait() {
    let limits = Limits {
        items: 4,
        age: Duration::ZERO,
    };
    let mut batcher = Batcher::new(limits, SystemClock);
    assert_eq!(batcher.push('a'), Some(vec!['a']));
    assert_eq!(batcher.tick(), None);
}
