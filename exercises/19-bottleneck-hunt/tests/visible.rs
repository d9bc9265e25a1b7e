//! The examples of the brief. The hidden checks look at much more.

use wt_core::sync::Mutex;

use bottleneck_hunt::{Counts, Doing, Entry, Slot, Span, bottleneck, count};

#[test]
fn the_lock_that_is_waited_for_is_the_bottleneck() {
    let span = |worker, from, to, doing| Span {
        worker,
        from,
        to,
        doing,
    };
    let timeline = [
        span(0, 0, 80, Doing::Hold("counts")),
        span(1, 0, 80, Doing::Wait("counts")),
        span(1, 80, 90, Doing::Hold("counts")),
    ];
    let found = bottleneck(&timeline).expect("worker 1 waits");
    assert_eq!((found.lock, found.waited), ("counts", 80));
}

#[test]
fn two_workers_count_four_lines() {
    let lines = ["200 10", "404 20", "200 30", "500 40"].map(String::from);
    let parse = |line: &str| {
        let (status, bytes) = line.split_once(' ').expect("two words");
        Entry {
            status: status.parse().expect("a number"),
            bytes: bytes.parse().expect("a number"),
        }
    };
    let ledger = Mutex::new(Counts::new());
    count(&lines, &parse, &ledger, &[Slot::default(), Slot::default()]);
    let counts = ledger.into_inner().expect("no section panicked");
    assert_eq!(
        (counts.of(200), counts.of(404), counts.bytes()),
        (2, 1, 100)
    );
}
