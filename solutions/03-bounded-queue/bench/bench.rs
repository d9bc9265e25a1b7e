//! Four producers and four consumers with a short queue between them, so that both
//! sides wait again and again.

use bounded_queue::{BoundedQueue, RejectionPolicy};
use wt_core::thread;

/// What is done.
pub const WHAT: &str = "4 producers and 4 consumers move 4 000 items through 16 places";

/// Threads on each side.
const SIDE: u64 = 4;
/// Items of each producer.
const ITEMS: u64 = 1_000;
const CAPACITY: usize = 16;

/// Nothing.
pub fn prepare() {}

/// Moves all items and adds them up.
pub fn run(_: &()) -> u64 {
    let queue = BoundedQueue::new(CAPACITY, RejectionPolicy::Block);
    thread::scope(|scope| {
        let queue = &queue;
        let consumers: Vec<_> = (0..SIDE)
            .map(|_| scope.spawn(move || std::iter::from_fn(|| queue.pop()).sum::<u64>()))
            .collect();
        let producers: Vec<_> = (0..SIDE)
            .map(|producer| {
                scope.spawn(move || {
                    for item in 0..ITEMS {
                        let pushed = queue.push(producer * ITEMS + item);
                        assert!(pushed.is_ok(), "the queue is open");
                    }
                })
            })
            .collect();
        for producer in producers {
            producer.join().expect("a producer ends");
        }
        queue.close();
        let sums = consumers.into_iter().map(|consumer| consumer.join());
        sums.map(|sum| sum.expect("a consumer ends")).sum()
    })
}
