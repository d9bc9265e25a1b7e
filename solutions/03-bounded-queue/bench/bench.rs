//! A crowd of producers at a short queue: whoever is woken without need gets in the
//! way of the one that was meant.

use bounded_queue::{BoundedQueue, RejectionPolicy};
use wt_core::thread;

/// What is done.
pub const WHAT: &str = "32 producers and 2 consumers move 3 200 items through 2 places";

const PRODUCERS: u64 = 32;
const CONSUMERS: u64 = 2;
/// Items of each producer.
const ITEMS: u64 = 100;
const CAPACITY: usize = 2;

/// Nothing.
pub fn prepare() {}

/// Moves all items and adds them up.
pub fn run(_: &()) -> u64 {
    let queue = BoundedQueue::new(CAPACITY, RejectionPolicy::Block);
    thread::scope(|scope| {
        let queue = &queue;
        let consumers: Vec<_> = (0..CONSUMERS)
            .map(|_| scope.spawn(move || std::iter::from_fn(|| queue.pop()).sum::<u64>()))
            .collect();
        let producers: Vec<_> = (0..PRODUCERS)
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
