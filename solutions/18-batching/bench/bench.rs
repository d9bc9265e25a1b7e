//! Many small items on their way to another thread: what counts is the price of a
//! message.

use wt_core::channel;
use wt_core::thread;
use wt_core::time::{Duration, SystemClock};

use batching::{Event, Limits};

/// What is done.
pub const WHAT: &str = "40 000 items go to a consumer in batches of 64";

const ITEMS: u64 = 40_000;

/// Nothing.
pub fn prepare() {}

/// Sends all items through a batcher and adds them up on the other side.
pub fn run(_: &()) -> u64 {
    let (events, incoming) = channel::unbounded();
    let (outgoing, batches) = channel::bounded::<Vec<u64>>(16);
    let limits = Limits {
        items: 64,
        age: Duration::MAX,
    };
    for item in 0..ITEMS {
        events.send(Event::Item(item)).expect("the channel is open");
    }
    drop(events);
    thread::scope(|scope| {
        let consumer = scope.spawn(move || batches.iter().flatten().sum::<u64>());
        batching::run(&incoming, &outgoing, limits, SystemClock).expect("the consumer stays");
        drop(outgoing);
        consumer.join().expect("the consumer ends")
    })
}
