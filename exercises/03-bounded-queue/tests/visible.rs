//! The visible tests of lesson 03: what the brief promises, as a program.

use bounded_queue::RejectionPolicy::{Block, CallerRuns, DiscardOldest, Reject};
use bounded_queue::{BoundedQueue, PushError, Pushed};
use std::thread;

#[test]
fn a_producer_and_a_consumer_share_two_places() {
    let queue = BoundedQueue::new(2, Block);
    thread::scope(|scope| {
        scope.spawn(|| {
            for job in 1..=5 {
                assert_eq!(queue.push(job), Ok(Pushed::Queued));
            }
            queue.close();
        });
        let done: Vec<i32> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(done, [1, 2, 3, 4, 5]);
    });
}

#[test]
fn each_policy_answers_a_full_queue_in_its_way() {
    let full = |policy| {
        let queue = BoundedQueue::new(1, policy);
        assert_eq!(queue.push("old"), Ok(Pushed::Queued));
        queue
    };
    assert_eq!(full(Reject).push("new"), Err(PushError::Full("new")));
    assert_eq!(full(CallerRuns).push("new"), Ok(Pushed::CallerRuns("new")));
    assert_eq!(
        full(DiscardOldest).push("new"),
        Ok(Pushed::Discarded("old"))
    );
}

#[test]
fn a_closed_queue_is_emptied_first() {
    let queue = BoundedQueue::new(2, Block);
    assert_eq!(queue.push('a'), Ok(Pushed::Queued));
    queue.close();
    assert_eq!(queue.push('b'), Err(PushError::Closed('b')));
    assert_eq!((queue.pop(), queue.pop()), (Some('a'), None));
}
