//! Hidden checks of lesson 03: a bounded queue.
//!
//! Every call that may wait runs on a watched thread, so a thread that waits for
//! ever is told in words. Threads are known to wait because the kernel says that
//! they sleep, never because some time has passed.
//!
//! The last two are explored: one execution each, of which every order of steps is
//! tried.

use std::ops::Range;
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::Arc;

use bounded_queue::RejectionPolicy::{self, Block, CallerRuns, DiscardOldest, Reject};
use bounded_queue::{BoundedQueue, PushError, Pushed};
use wt_check::{
    Activity, Unjoined, Watched, assert_same, assert_snapshot, check, explore, observe, observed,
    rng, wait_until,
};
use wt_core::thread::{self, JoinHandle};

fn main() -> ExitCode {
    wt_check::run(&[
        check!(items_come_out_in_order),
        check!(push_waits_while_full),
        check!(pop_waits_while_empty),
        check!(who_waits_sleeps),
        check!(reject_hands_the_new_item_back),
        check!(caller_runs_hands_the_new_item_to_the_caller),
        check!(discard_oldest_makes_room_for_the_new_item),
        observed!(every_item_arrives_once => every_item_that_was_sent),
        check!(never_more_than_capacity),
        check!(a_woken_consumer_looks_again),
        check!(every_push_wakes_a_consumer),
        check!(every_pop_wakes_a_producer),
        check!(wake_ups_reach_the_side_that_waits),
        check!(close_wakes_every_consumer),
        check!(close_wakes_every_producer),
        check!(a_closed_queue_is_emptied_first),
        check!(push_after_close_hands_the_item_back),
        explore!(holds_under_every_schedule_tried),
        explore!(close_reaches_everybody_under_every_schedule),
    ])
}

type Queue = Arc<BoundedQueue<u32>>;

/// A stack passes every check that only counts.
fn items_come_out_in_order() {
    let queue = empty(3, Block);
    let popped = soon(
        "`push` and `pop` of a queue that is neither full nor empty",
        move || {
            let mut popped = Vec::new();
            for item in 0..2 {
                let _ = queue.push(item);
            }
            for item in 2..12 {
                let _ = queue.push(item);
                popped.extend(queue.pop());
            }
            popped
        },
    );
    let pushed: Vec<u32> = (0..10).collect();
    assert_same!(
        popped,
        pushed,
        "items 0 to 11 were pushed in this order; these came out first"
    );
}

/// The one thing that makes the queue bounded.
fn push_waits_while_full() {
    let queue = full(4, Block);
    let producer = pusher(&queue, 4);
    assert!(
        producer.wait_asleep() != Activity::Finished,
        "`push` returned although the queue already held 4 of 4 items"
    );
    pop(&queue);
    match producer.join_soon() {
        Ok(outcome) => {
            assert!(
                outcome == "Queued",
                "`push` waited for room, then returned {outcome}"
            );
        }
        Err(Unjoined::StillRunning) => {
            panic!("a producer was still waiting after a slot became free")
        }
        Err(Unjoined::Panicked(message)) => panic!("`push` panicked: {message}"),
    }
}

/// The mirror image: `None` would tell a consumer to go home.
fn pop_waits_while_empty() {
    let queue = empty(4, Block);
    let consumer = popper(&queue);
    assert!(
        consumer.wait_asleep() != Activity::Finished,
        "`pop` returned although the queue was empty and open"
    );
    push(&queue, 7);
    match consumer.join_soon() {
        Ok(item) => {
            assert!(
                item == Some(7),
                "`pop` waited for item 7, then returned {item:?}"
            );
        }
        Err(Unjoined::StillRunning) => {
            panic!("a consumer was still waiting after an item was queued")
        }
        Err(Unjoined::Panicked(message)) => panic!("`pop` panicked: {message}"),
    }
}

/// A loop around `try_lock` or `yield_now` waits too, and takes a whole core for it.
fn who_waits_sleeps() {
    // One after the other: a spinning producer must not blur the look at a consumer.
    sleeps(popper(&empty(1, Block)).wait_asleep(), CONSUMERS);
    sleeps(pusher(&full(1, Block), 1).wait_asleep(), PRODUCERS);
}

fn reject_hands_the_new_item_back() {
    assert_snapshot!("reject", account(Reject));
}

fn caller_runs_hands_the_new_item_to_the_caller() {
    assert_snapshot!("caller_runs", account(CallerRuns));
}

fn discard_oldest_makes_room_for_the_new_item() {
    assert_snapshot!("discard_oldest", account(DiscardOldest));
}

/// What became of eight items at a queue of three places. Which items come out of
/// `pop`, and in which order, is not counted here: only how many.
fn account(policy: RejectionPolicy) -> String {
    let queue = empty(3, policy);
    let pushes = format!("`push` under {policy:?}");
    let filled = Arc::clone(&queue);
    let outcomes = soon(&pushes, move || {
        (1..=6)
            .map(|item| outcome(filled.push(item)))
            .collect::<Vec<_>>()
    });
    let held = queue.len();
    let mut popped = (0..2).filter(|_| pop(&queue).is_some()).count();
    let refilled = Arc::clone(&queue);
    let more = soon(&pushes, move || {
        (7..=8)
            .map(|item| outcome(refilled.push(item)))
            .collect::<Vec<_>>()
    });
    let left = queue.len();
    popped += (0..left).filter(|_| pop(&queue).is_some()).count();
    [
        format!("policy            {policy:?}, 3 places"),
        format!("push 1 to 6       {}", outcomes.join(", ")),
        format!("held after that   {held}"),
        format!("pop 2, push 7, 8  {}", more.join(", ")),
        format!("held after that   {left}"),
        format!("popped in all     {popped}"),
    ]
    .join("\n")
}

/// One producer, which is often stopped by a full queue, and one consumer.
fn every_item_arrives_once() {
    let queue = empty(4, Block);
    let items = random_items();
    let count = items.len();
    let source = Arc::clone(&queue);
    let producer = wt_check::spawn("producer", move || {
        items
            .into_iter()
            .filter(|&item| outcome(source.push(item)) == "Queued")
            .count()
    });
    // The queue is full before the first pop.
    let _ = producer.wait_asleep();
    let consumer = wt_check::spawn("consumer", move || {
        let mut arrived = Vec::new();
        while arrived.len() < count {
            match queue.pop() {
                Some(item) => arrived.push(item),
                None if queue.is_closed() => break,
                // `a_woken_consumer_looks_again` is about this; here only items count.
                None => std::thread::yield_now(),
            }
        }
        arrived
    });
    let arrived = match consumer.join_soon() {
        Ok(items) => items,
        Err(Unjoined::StillRunning) => {
            panic!("one producer pushed {count} items, and the consumer did not get all of them")
        }
        Err(Unjoined::Panicked(message)) => panic!("`pop` panicked: {message}"),
    };
    let queued = producer.join_soon().unwrap_or(0);
    observe("queued", queued);
    observe("popped", sorted(arrived));
}

fn every_item_that_was_sent() {
    let items = random_items();
    observe("queued", items.len());
    observe("popped", sorted(items));
}

fn random_items() -> Vec<u32> {
    let mut rng = rng();
    (0..200).map(|_| rng.u32(..)).collect()
}

/// How often a check tries to bring about the moment that it is about. Mostly the first
/// try does; the check sees whether it did.
const TRIES: usize = 20;

/// A producer sleeps at a full queue of one place. Another thread pops and at once
/// pushes again: mostly the woken producer comes too late and must go on waiting. A
/// solution that does not look again pays for that with a second item.
fn never_more_than_capacity() {
    for _ in 0..TRIES {
        let queues: Vec<_> = (0..4).map(|_| full(1, Block)).collect();
        let producers = queues.iter().map(|queue| pusher(queue, 1)).collect();
        let producers = all_asleep(producers, PRODUCERS);
        let thieves = rob(&queues, &producers, |queue| {
            let _ = queue.pop();
            let _ = queue.push(2);
        });
        settle(&producers);
        settle(&thieves);
        let held = queues.iter().map(|queue| queue.len()).max().unwrap_or(0);
        assert!(held <= 1, "a queue of capacity 1 held {held} items");
        if producers.iter().any(|producer| !producer.is_finished()) {
            return; // it was woken, came too late, and sleeps again
        }
    }
}

/// A consumer sleeps at an empty queue. Another thread pushes and at once pops: mostly
/// the woken consumer finds nothing. It must go on waiting, not return `None`.
fn a_woken_consumer_looks_again() {
    for _ in 0..TRIES {
        let queues: Vec<_> = (0..4).map(|_| empty(1, Block)).collect();
        let consumers = all_asleep(queues.iter().map(popper).collect(), CONSUMERS);
        let thieves = rob(&queues, &consumers, |queue| {
            let _ = queue.push(1);
            queue.pop()
        });
        settle(&consumers);
        settle(&thieves);
        let too_late = consumers.iter().any(|consumer| !consumer.is_finished());
        // Whoever was slower of each pair still waits.
        queues.iter().for_each(|queue| push(queue, 2));
        for popped in consumers.into_iter().chain(thieves).map(Watched::join_soon) {
            match popped {
                Ok(Some(_)) => {}
                Ok(None) => panic!(
                    "`pop` returned None although the queue was open; another consumer had been faster"
                ),
                Err(Unjoined::StillRunning) => {
                    panic!("two consumers shared two items, and one of them still waited")
                }
                Err(Unjoined::Panicked(message)) => panic!("`pop` panicked: {message}"),
            }
        }
        if too_late {
            return;
        }
    }
}

/// Four consumers sleep, four items come in one burst. Whoever notifies only when the
/// queue was empty before forgets most of them.
fn every_push_wakes_a_consumer() {
    for _ in 0..TRIES {
        let queue = empty(4, Block);
        let consumers = all_asleep((0..4).map(|_| popper(&queue)).collect(), CONSUMERS);
        let source = Arc::clone(&queue);
        let after = soon("`push` into an empty queue", move || {
            push_each(&source, 0..4);
            source.len()
        });
        let home = come_home(&consumers);
        let held = queue.len();
        assert!(
            home == 4,
            "{home} of 4 waiting consumers returned after 4 pushes, and {held} items were left"
        );
        if after >= 2 {
            return; // two pushes came without a pop between them
        }
    }
}

/// The same from the other side.
fn every_pop_wakes_a_producer() {
    for _ in 0..TRIES {
        let queue = full(4, Block);
        let producers = all_asleep((4..8).map(|item| pusher(&queue, item)).collect(), PRODUCERS);
        let drain = Arc::clone(&queue);
        let after = soon("`pop` from a full queue", move || {
            pop_each(&drain, 4);
            drain.len()
        });
        let home = come_home(&producers);
        let held = queue.len();
        assert!(
            home == 4,
            "{home} of 4 waiting producers returned after 4 pops, and {held} items were queued"
        );
        if after <= 2 {
            return; // two pops came without a push between them
        }
    }
}

/// One place, six sleepers on one side, and one thread on the other that works them
/// all off and sleeps in between. Then both sides wait at the same time, and a
/// wake-up that goes to the wrong side is lost: everybody sleeps.
fn wake_ups_reach_the_side_that_waits() {
    let (mut starved, mut stuck) = (0, 0);
    for _ in 0..TRIES {
        let queue = full(1, Block);
        let producers = (1..7).map(|item| {
            worker(&queue, move |queue| {
                push_each(queue, item..item + 1);
                0
            })
        });
        let mut threads = all_asleep(producers.collect(), PRODUCERS);
        threads.push(worker(&queue, |queue| {
            let pop = || (queue.is_empty(), queue.pop()).0;
            (0..7).filter(|_| pop()).count()
        }));
        let home = come_home(&threads);
        let held = queue.len();
        assert!(
            home == 7,
            "{ONE_AGAINST_SIX} {} of these 7 threads slept for ever, and the queue held {held} of 1 items",
            7 - home
        );
        starved += threads
            .pop()
            .map_or(0, |consumer| consumer.join_soon().unwrap_or(0));

        let queue = empty(1, Block);
        let consumers = (0..6).map(|_| {
            worker(&queue, |queue| {
                pop_each(queue, 1);
                0
            })
        });
        let mut threads = all_asleep(consumers.collect(), CONSUMERS);
        threads.push(worker(&queue, |queue| {
            let push = |item| (!queue.is_empty(), queue.push(item)).0;
            (0..6).filter(|&item| push(item)).count()
        }));
        let home = come_home(&threads);
        let held = queue.len();
        assert!(
            home == 7,
            "{ONE_AGAINST_SIX} {} of these 7 threads slept for ever, and the queue held {held} of 1 items",
            7 - home
        );
        stuck += threads
            .pop()
            .map_or(0, |producer| producer.join_soon().unwrap_or(0));
        if starved >= 4 && stuck >= 4 {
            return; // each lone thread had to wait at least four times
        }
    }
}

/// The same words for both directions: which of them a lost wake-up stops first
/// depends on the schedule.
const ONE_AGAINST_SIX: &str = "6 threads on one side and 1 on the other used the queue:";

fn close_wakes_every_consumer() {
    let queue = empty(2, Block);
    let consumers = all_asleep((0..4).map(|_| popper(&queue)).collect(), CONSUMERS);
    close(&queue);
    let left = 4 - come_home(&consumers);
    assert!(
        left == 0,
        "4 consumers waited when the queue was closed, and {left} of them still waited"
    );
    for consumer in consumers {
        let popped = consumer.join_soon();
        assert!(
            popped == Ok(None),
            "a consumer that waited when the empty queue was closed got {popped:?}, not None"
        );
    }
}

fn close_wakes_every_producer() {
    let queue = full(2, Block);
    let producers = all_asleep((2..6).map(|item| pusher(&queue, item)).collect(), PRODUCERS);
    close(&queue);
    let left = 4 - come_home(&producers);
    assert!(
        left == 0,
        "4 producers waited when the queue was closed, and {left} of them still waited"
    );
    for (item, producer) in (2..6).zip(producers) {
        let outcome = producer
            .join_soon()
            .unwrap_or_else(|why| panic!("a producer did not return normally: {why}"));
        assert!(
            outcome == format!("Closed({item})"),
            "a producer that waited with item {item} when the queue was closed got {outcome}"
        );
    }
}

/// Accepted work is not thrown away: closing means that nothing more comes in.
fn a_closed_queue_is_emptied_first() {
    let queue = full(3, Block);
    close(&queue);
    let popped: Vec<_> = (0..4).map(|_| pop(&queue)).collect();
    let items = popped.iter().flatten().count();
    assert!(
        items == 3,
        "the queue was closed with 3 items in it, and {items} of them could be popped"
    );
    assert!(
        popped[3].is_none(),
        "`pop` returned an item from a closed, empty queue"
    );
}

fn push_after_close_hands_the_item_back() {
    for policy in [Block, Reject, CallerRuns, DiscardOldest] {
        for queue in [empty(2, policy), full(2, policy)] {
            let held = queue.len();
            close(&queue);
            let closed = Arc::clone(&queue);
            let got = soon("`push` into a closed queue", move || {
                outcome(closed.push(9))
            });
            assert!(
                got == "Closed(9)",
                "item 9 was pushed into a closed queue under {policy:?} that held {held} of 2 items: the answer was {got}"
            );
            assert!(
                queue.len() == held,
                "a push into a closed queue changed what it holds, under {policy:?}"
            );
        }
    }
}

/// Two producers and two consumers share one place: both sides have to wait, and each
/// wake-up has to find the right one. Whoever sleeps for ever is found by itself.
fn holds_under_every_schedule_tried() {
    let queue = empty(1, Block);
    let producers: Vec<_> = [("producer A", 0), ("producer B", 10)]
        .map(|(name, first)| {
            start(name, &queue, move |queue| {
                (first..first + 2)
                    .map(|item| outcome(queue.push(item)))
                    .collect::<Vec<_>>()
            })
        })
        .into();
    let consumers: Vec<_> = ["consumer C", "consumer D"]
        .map(|name| {
            start(name, &queue, |queue| {
                (0..2).map(|_| queue.pop()).collect::<Vec<_>>()
            })
        })
        .into();
    for outcomes in joined(producers) {
        assert!(
            outcomes.iter().all(|outcome| outcome == "Queued"),
            "two items were pushed into an open queue: {outcomes:?}"
        );
    }
    let popped = joined(consumers);
    assert!(
        popped.iter().flatten().all(Option::is_some),
        "`pop` returned None although the queue was open"
    );
    for items in &popped {
        let items: Vec<u32> = items.iter().copied().flatten().collect();
        let of_a = items.iter().filter(|item| **item < 10);
        let of_b = items.iter().filter(|item| **item >= 10);
        assert!(
            of_a.is_sorted() && of_b.is_sorted(),
            "a consumer got {items:?}: of one producer the later item came first"
        );
    }
    let all = sorted(popped.into_iter().flatten().flatten().collect());
    assert!(
        all == [0, 1, 10, 11],
        "0, 1, 10 and 11 were pushed, and {all:?} came out"
    );
    assert!(
        queue.is_empty(),
        "everything was popped, and the queue is not empty"
    );
}

/// A producer and two consumers, and a queue that is closed at any moment.
fn close_reaches_everybody_under_every_schedule() {
    let queue = empty(1, Block);
    let producer = start("producer", &queue, |queue| {
        (0..2)
            .filter(|item| outcome(queue.push(*item)) == "Queued")
            .count()
    });
    let consumers: Vec<_> = ["consumer C", "consumer D"]
        .map(|name| {
            start(name, &queue, |queue| {
                std::iter::from_fn(|| queue.pop()).count()
            })
        })
        .into();
    let closer = start("closer", &queue, |queue| {
        queue.close();
        0
    });
    let popped: usize = joined(consumers).into_iter().sum();
    let queued: usize = joined(vec![producer, closer]).into_iter().sum();
    assert!(
        queued == popped,
        "{queued} items were queued before the queue was closed, and {popped} came out"
    );
}

/// A thread of an explored check.
fn start<T: Send + 'static>(
    name: &str,
    queue: &Queue,
    f: impl FnOnce(&BoundedQueue<u32>) -> T + Send + 'static,
) -> JoinHandle<T> {
    let queue = Arc::clone(queue);
    let thread = thread::Builder::new().name(name.into());
    thread.spawn(move || f(&queue)).expect("a thread starts")
}

fn joined<T>(threads: Vec<JoinHandle<T>>) -> Vec<T> {
    let results = threads.into_iter().map(JoinHandle::join);
    // A panic of the checked code comes out as it is.
    let values = results.map(|result| result.unwrap_or_else(|payload| resume_unwind(payload)));
    values.collect()
}

fn empty(capacity: usize, policy: RejectionPolicy) -> Queue {
    Arc::new(BoundedQueue::new(capacity, policy))
}

/// A queue that holds the items 0, 1, … up to its capacity.
fn full(capacity: u32, policy: RejectionPolicy) -> Queue {
    let queue = empty(capacity as usize, policy);
    let source = Arc::clone(&queue);
    soon("`push` into a queue with room", move || {
        push_each(&source, 0..capacity)
    });
    let held = queue.len();
    assert!(
        held == capacity as usize,
        "{capacity} items were pushed into a queue of {capacity} places, and it held {held}"
    );
    queue
}

fn push(queue: &Queue, item: u32) {
    let queue = Arc::clone(queue);
    soon("`push` into a queue with room", move || {
        push_each(&queue, item..item + 1)
    });
}

fn pop(queue: &Queue) -> Option<u32> {
    let queue = Arc::clone(queue);
    soon(
        "`pop` from a queue that is closed or not empty",
        move || queue.pop(),
    )
}

fn close(queue: &Queue) {
    let queue = Arc::clone(queue);
    soon("`close`", move || queue.close());
}

/// Runs something that has no reason to wait.
fn soon<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    match wt_check::spawn("caller", f).join_soon() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => {
            panic!("{what} had no reason to wait, and did not return")
        }
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}

fn push_each(queue: &BoundedQueue<u32>, items: Range<u32>) {
    for item in items {
        let _ = queue.push(item);
    }
}

fn pop_each(queue: &BoundedQueue<u32>, times: usize) {
    for _ in 0..times {
        let _ = queue.pop();
    }
}

fn pusher(queue: &Queue, item: u32) -> Watched<String> {
    let queue = Arc::clone(queue);
    wt_check::spawn("producer", move || outcome(queue.push(item)))
}

fn popper(queue: &Queue) -> Watched<Option<u32>> {
    let queue = Arc::clone(queue);
    wt_check::spawn("consumer", move || queue.pop())
}

fn worker(
    queue: &Queue,
    f: impl FnOnce(&BoundedQueue<u32>) -> usize + Send + 'static,
) -> Watched<usize> {
    let queue = Arc::clone(queue);
    wt_check::spawn("worker", move || f(&queue))
}

const PRODUCERS: &str = "a producer at a full, open queue";
const CONSUMERS: &str = "a consumer at an empty, open queue";

/// The threads, once all of them sleep at the queue. The last one counts as asleep
/// only when every other thread sleeps too, so one look is enough.
fn all_asleep<T>(threads: Vec<Watched<T>>, who: &str) -> Vec<Watched<T>> {
    if let Some(last) = threads.last() {
        sleeps(last.wait_asleep(), who);
    }
    assert!(
        !threads.iter().any(Watched::is_finished),
        "{who} did not wait"
    );
    threads
}

fn sleeps(activity: Activity, who: &str) {
    match activity {
        Activity::Asleep => {}
        Activity::Finished => panic!("{who} did not wait"),
        Activity::Running => panic!("{who} kept running instead of sleeping"),
    }
}

/// At each queue, with its sleeper: lets another thread be faster than the sleeper that
/// it wakes, and waits until one of the two is done.
fn rob<T, R: Send + 'static>(
    queues: &[Queue],
    sleepers: &[Watched<T>],
    steal: fn(&BoundedQueue<u32>) -> R,
) -> Vec<Watched<R>> {
    let pairs = queues.iter().zip(sleepers);
    pairs
        .map(|(queue, sleeper)| {
            let queue = Arc::clone(queue);
            let thief = wt_check::spawn("thief", move || steal(&queue));
            wait_until(|| sleeper.is_finished() || thief.is_finished());
            thief
        })
        .collect()
}

/// Waits until the threads have done all they can do for now.
fn settle<T>(threads: &[Watched<T>]) {
    let _ = threads
        .iter()
        .rfind(|thread| !thread.is_finished())
        .map(Watched::wait_asleep);
}

/// How many of the threads have finished, when all have or patience is over.
fn come_home<T>(threads: &[Watched<T>]) -> usize {
    let home = || threads.iter().filter(|thread| thread.is_finished()).count();
    wait_until(|| home() == threads.len());
    home()
}

/// The answer in a std type: what the checked code's types print or how they compare
/// is their own affair.
fn outcome(answer: Result<Pushed<u32>, PushError<u32>>) -> String {
    match answer {
        Ok(Pushed::Queued) => "Queued".into(),
        Ok(Pushed::CallerRuns(item)) => format!("CallerRuns({item})"),
        Ok(Pushed::Discarded(item)) => format!("Discarded({item})"),
        Err(PushError::Full(item)) => format!("Full({item})"),
        Err(PushError::Closed(item)) => format!("Closed({item})"),
    }
}

fn sorted(mut items: Vec<u32>) -> Vec<u32> {
    items.sort_unstable();
    items
}
