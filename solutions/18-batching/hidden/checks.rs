//! Hidden checks of lesson 18.
//!
//! Time moves only when a check says so. What a batch costs is counted in messages.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use batching::{Batcher, Event, Limits, run};
use wt_check::{
    Activity, FakeClock, Unjoined, Watched, assert_snapshot, check, fastrand, observe, observed,
    rng, wait_until,
};
use wt_core::channel::{self, Receiver, Sender};
use wt_core::time::{Clock, Duration};

fn main() -> ExitCode {
    wt_check::run(&[
        check!(a_full_batch_leaves_at_once),
        check!(no_item_is_older_than_the_limit),
        check!(a_batch_is_not_sent_early),
        check!(push_looks_at_the_age_too),
        check!(due_tells_when_to_tick),
        check!(an_endless_age_is_no_limit),
        check!(nothing_is_sent_for_nothing),
        check!(a_day_of_events_looks_as_it_must),
        observed!(every_item_arrives_once_in_order => the_items),
        check!(many_items_take_few_messages),
        check!(a_tick_brings_a_waiting_item_out),
        check!(the_rest_is_sent_at_the_end),
        check!(a_slow_consumer_slows_the_producer),
        check!(a_gone_consumer_ends_the_run),
    ])
}

/// 100 ms, whatever the number of items.
const AGE: Duration = ms(100);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn limits(items: usize) -> Limits {
    Limits { items, age: AGE }
}

/// The clock stands still: only the size counts.
fn a_full_batch_leaves_at_once() {
    for size in [1, 2, 5] {
        let mut batcher = Batcher::new(limits(size), FakeClock::new());
        for round in 0..3 {
            let first = round * size as u32;
            for item in first..first + size as u32 - 1 {
                let batch = batcher.push(item);
                assert!(
                    batch.is_none(),
                    "{} of {size} items were in the batch, nothing was old, and `push` returned {batch:?}",
                    item - first + 1
                );
            }
            let last = first + size as u32 - 1;
            let batch = batcher.push(last);
            let full: Vec<u32> = (first..=last).collect();
            assert!(
                batch.as_ref() == Some(&full),
                "`push` of item number {size} of a batch of {size} returned {batch:?}, not {full:?}"
            );
        }
    }
}

/// A trickle: an item every 40 ms, a tick every 10 ms, and never enough for a full
/// batch. Items are the times of their coming.
fn no_item_is_older_than_the_limit() {
    let clock = FakeClock::new();
    let mut batcher = Batcher::new(limits(1000), clock.clone());
    let mut inside: Vec<u64> = Vec::new();
    for now in (0..2000).step_by(10) {
        let mut left = Vec::new();
        if now % 40 == 0 {
            inside.push(now);
            left.extend(batcher.push(now));
        }
        left.extend(batcher.tick());
        inside.retain(|item| !left.iter().flatten().any(|gone| gone == item));
        let oldest = now - inside.first().copied().unwrap_or(now);
        assert!(
            oldest < 100,
            "an item every 40 ms, a tick every 10 ms: after a tick an item was {oldest} ms old, and the limit is 100 ms"
        );
        clock.advance(ms(10));
    }
}

/// After a full batch, and after a pause, the time begins anew with the first item.
fn a_batch_is_not_sent_early() {
    let clock = FakeClock::new();
    let mut batcher = Batcher::new(limits(2), clock.clone());
    let _ = (batcher.push(1), batcher.push(2));
    for _ in 0..9 {
        clock.advance(ms(30));
        let _ = batcher.tick();
    }
    let mut early = batcher.push(3);
    for _ in 0..9 {
        early = early.or_else(|| batcher.tick());
        clock.advance(ms(10));
    }
    early = early.or_else(|| batcher.tick());
    assert!(
        early.is_none(),
        "a batch of 1 of 2 items was returned before the item had waited 100 ms"
    );
    clock.advance(ms(10));
    let batch = batcher.tick();
    assert!(
        batch == Some(vec![3]),
        "item 3 had waited for exactly 100 ms, and `tick` returned {batch:?}"
    );
}

fn push_looks_at_the_age_too() {
    let clock = FakeClock::new();
    let mut batcher = Batcher::new(limits(10), clock.clone());
    let first = batcher.push(1);
    clock.advance(ms(150));
    let both = batcher.push(2);
    assert!(
        first.is_none() && both == Some(vec![1, 2]),
        "item 1 had waited for 150 of 100 ms when item 2 was pushed, and `push` returned {both:?}"
    );
}

fn due_tells_when_to_tick() {
    let clock = FakeClock::new();
    let start = clock.now();
    let mut batcher = Batcher::new(limits(3), clock.clone());
    let due = |batcher: &Batcher<u32, FakeClock>| batcher.due().map(|due| due - start);
    let mut seen = vec![due(&batcher)];
    for item in 0..4 {
        clock.advance(ms(10));
        let _ = batcher.push(item);
        seen.push(due(&batcher));
    }
    let _ = batcher.flush();
    seen.push(due(&batcher));
    let expected = [
        None,
        Some(ms(110)),
        Some(ms(110)),
        None,
        Some(ms(140)),
        None,
    ];
    assert!(
        seen == expected,
        "batches of 3, an item every 10 ms, then a flush: `due` was {seen:?}, not {expected:?}"
    );
}

fn an_endless_age_is_no_limit() {
    let clock = FakeClock::new();
    let limits = Limits {
        items: 2,
        age: Duration::MAX,
    };
    let mut batcher = Batcher::new(limits, clock.clone());
    let first = batcher.push(1);
    clock.advance(Duration::from_secs(1_000_000));
    let got = (first, batcher.due(), batcher.tick(), batcher.push(2));
    assert!(
        got == (None, None, None, Some(vec![1, 2])),
        "with an endless age two items were pushed; `push`, `due`, `tick` and `push` returned {got:?}"
    );
}

fn nothing_is_sent_for_nothing() {
    let clock = FakeClock::new();
    let mut batcher = Batcher::<u32, _>::new(limits(2), clock.clone());
    let flushed = batcher.flush();
    clock.advance(ms(500));
    let ticked = batcher.tick();
    assert!(
        flushed.is_none() && ticked.is_none(),
        "nothing had been pushed; `flush` returned {flushed:?} and `tick` {ticked:?}"
    );
    let _ = (batcher.push(1), batcher.push(2));
    clock.advance(ms(500));
    let got = (batcher.tick(), batcher.flush());
    assert!(
        got == (None, None),
        "the full batch had gone; `tick` and `flush` returned {got:?}"
    );
    let ticks = (0..20).map(|_| Event::<u32>::Tick);
    let (sent, batches) = batches_of(ticks.collect(), limits(2));
    assert!(
        sent == Ok(0) && batches.is_empty(),
        "20 ticks and no item were {} messages",
        batches.len()
    );
}

/// One letter for each item. A dot is a tick; after each of them 25 ms pass.
fn a_day_of_events_looks_as_it_must() {
    let clock = FakeClock::new();
    let mut batcher = Batcher::new(limits(4), clock.clone());
    let mut lines = vec!["batches of 4, or 100 ms old".to_owned()];
    let mut now = 0;
    for event in "a...b..cdef.......g.h.i.j..k......l".chars() {
        let batch = match event {
            '.' => batcher.tick(),
            item => batcher.push(item),
        };
        if let Some(batch) = batch {
            let items = batch.iter().collect::<String>();
            lines.push(format!("{now:>3} ms  at {event}  {items}"));
        }
        if event == '.' {
            clock.advance(ms(25));
            now += 25;
        }
    }
    let rest = batcher.flush().into_iter().flatten().collect::<String>();
    lines.push(format!("{now:>3} ms  end   {rest}"));
    assert_snapshot!("day", lines.join("\n"));
}

fn every_item_arrives_once_in_order() {
    let mut rng = rng();
    for size in [1, 3, 7] {
        let events = random_events(&mut rng);
        let (_, batches) = batches_of(events, limits(size));
        observe(
            &format!("the items that came in batches of {size}"),
            batches.concat(),
        );
    }
}

fn the_items() {
    let mut rng = rng();
    for size in [1, 3, 7] {
        let events = random_events(&mut rng);
        let items = events.into_iter().filter_map(|event| match event {
            Event::Item(item) => Some(item),
            Event::Tick => None,
        });
        observe(
            &format!("the items that came in batches of {size}"),
            items.collect::<Vec<_>>(),
        );
    }
}

/// 42 or 63 items with ticks between them. Both fill batches of 1, 3 and 7 without a
/// rest: what becomes of a rest is another check's claim.
fn random_events(rng: &mut fastrand::Rng) -> Vec<Event<u32>> {
    let mut events = Vec::new();
    for _ in 0..21 * rng.usize(2..4) {
        events.extend((0..rng.usize(..3)).map(|_| Event::Tick));
        events.push(Event::Item(rng.u32(..1000)));
    }
    events
}

/// A tick after every tenth item, on a clock that stands still: none of them is a reason
/// to send anything.
fn many_items_take_few_messages() {
    let mut events = Vec::new();
    for item in 0..1000 {
        events.push(Event::Item(item));
        if item % 10 == 9 {
            events.push(Event::Tick);
        }
    }
    let (sent, batches) = batches_of(events, limits(64));
    assert!(
        batches.len() == 16,
        "1000 items in batches of 64 were {} messages, and 16 would do",
        batches.len()
    );
    assert!(
        sent == Ok(16),
        "16 batches were sent, and `run` returned {sent:?}"
    );
}

/// `events` has no places: when a second event has been taken, the first one is done.
fn a_tick_brings_a_waiting_item_out() {
    let clock = FakeClock::new();
    let (events, batches, runner) = start(0, 4, limits(10), clock.clone());
    let source = events.clone();
    soon("`run` to take an item and a tick", move || {
        let _ = source.send(Event::Item(1));
        let _ = source.send(Event::Tick);
    });
    clock.advance(ms(100));
    let source = events.clone();
    let _ = wt_check::spawn("ticker", move || source.send(Event::Tick));
    let came = wait_until(|| !batches.is_empty());
    assert!(
        came,
        "an item had waited for 100 of 100 ms, a tick came, and the item was not sent"
    );
    let batch = batches.try_recv();
    assert!(
        batch == Ok(vec![1]),
        "item 1 had waited for 100 ms, a tick came, and {batch:?} was sent"
    );
    drop(events);
    let _ = ended(runner);
}

fn the_rest_is_sent_at_the_end() {
    let events = (0..10).map(Event::Item).collect();
    let (_, batches) = batches_of(events, limits(4));
    let items = batches.iter().map(Vec::len).sum::<usize>();
    assert!(
        items == 10,
        "10 items were sent in batches of 4, the senders went, and {items} items arrived"
    );
}

/// Nobody receives. The queues and the batcher can hold a few batches; then everybody
/// must wait. Afterwards all of them come out, in batches of the right size.
fn a_slow_consumer_slows_the_producer() {
    const ITEMS: u32 = 56;
    let (events, batches, runner) = start(16, 1, limits(8), FakeClock::new());
    let pushed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pushed);
    let producer = wt_check::spawn("producer", move || {
        for item in 0..ITEMS {
            if events.send(Event::Item(item)).is_err() {
                break;
            }
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let activity = producer.wait_asleep();
    let held = pushed.load(Ordering::SeqCst);
    assert!(
        activity == Activity::Asleep && held <= 48,
        "nobody received batches of 8, the queue had room for one, and the producer did not have to wait"
    );
    let consumer = wt_check::spawn("consumer", move || batches.iter().collect::<Vec<_>>());
    let batches = consumer
        .join_soon()
        .unwrap_or_else(|why| panic!("a consumer received slowly, and {}", told("`run`", &why)));
    let _ = ended(runner);
    let items = batches.iter().map(Vec::len).sum::<usize>();
    assert!(
        items == ITEMS as usize,
        "{ITEMS} items were pushed to a slow consumer, and {items} arrived"
    );
    let largest = batches.iter().map(Vec::len).max().unwrap_or(0);
    assert!(
        largest <= 8,
        "a slow consumer of batches of 8 got one of {largest} items"
    );
}

fn a_gone_consumer_ends_the_run() {
    let (events, batches, runner) = start(100, 1, limits(2), FakeClock::new());
    drop(batches);
    let source = events.clone();
    soon("`send` of 5 events to a queue of 100 places", move || {
        for item in 0..5 {
            let _ = source.send(Event::Item(item));
        }
    });
    let answer = match runner.join_soon() {
        Ok(answer) => answer,
        Err(Unjoined::StillRunning) => {
            panic!("nobody received batches any more, and `run` went on")
        }
        Err(why) => panic!("{}", told("`run`", &why)),
    };
    assert!(
        answer == Err(vec![0, 1]),
        "nobody received the batch [0, 1], and `run` returned {answer:?}"
    );
    drop(events);
}

type Runner = Watched<Result<usize, Vec<u32>>>;

/// `run` on a thread of its own, with so many places for events and for batches.
fn start(
    events: usize,
    batches: usize,
    limits: Limits,
    clock: FakeClock,
) -> (Sender<Event<u32>>, Receiver<Vec<u32>>, Runner) {
    let (tx, incoming) = channel::bounded(events);
    let (outgoing, rx) = channel::bounded(batches);
    let runner = wt_check::spawn("batcher", move || run(&incoming, &outgoing, limits, clock));
    (tx, rx, runner)
}

/// What `run` makes of the events on a clock that stands still.
fn batches_of(events: Vec<Event<u32>>, limits: Limits) -> (Result<usize, Vec<u32>>, Vec<Vec<u32>>) {
    let (tx, rx, runner) = start(events.len(), events.len() + 1, limits, FakeClock::new());
    soon("`send` into a queue with room", move || {
        for event in events {
            let _ = tx.send(event);
        }
    });
    let sent = ended(runner);
    (sent, rx.try_iter().collect())
}

fn ended(runner: Runner) -> Result<usize, Vec<u32>> {
    runner
        .join_soon()
        .unwrap_or_else(|why| panic!("all senders were gone, and {}", told("`run`", &why)))
}

/// What the call returns, which must be soon.
fn soon<T: Send + 'static>(call: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    wt_check::spawn("caller", f)
        .join_soon()
        .unwrap_or_else(|why| panic!("{}", told(call, &why)))
}

fn told(call: &str, why: &Unjoined) -> String {
    match why {
        Unjoined::StillRunning => format!("{call} did not return"),
        Unjoined::Panicked(message) => format!("{call} panicked with \"{message}\""),
    }
}
