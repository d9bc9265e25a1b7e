//! Hidden checks of lesson 12.
//!
//! The stages' functions are the check's own, so each can be held, be made to panic, or
//! note which thread called it. Whoever may wait does so on a watched thread.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use pipeline::{Pipeline, Report, StageFailed};
use wt_check::{
    Activity, InFlight, ThreadCount, Unjoined, Watched, assert_snapshot, check, observe, observed,
    patience, rng, settle,
};
use wt_core::channel::{Sender, TrySendError};

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(the_result_is_right => the_sequential_result),
        check!(refused_items_are_counted_and_go_no_further),
        check!(items_stay_in_order),
        check!(each_stage_has_one_thread),
        check!(stages_overlap),
        check!(it_runs_without_its_maker),
        check!(every_link_is_bounded),
        check!(finish_waits_for_what_is_under_way),
        check!(a_panic_stops_the_pipeline),
        check!(a_panic_frees_the_source),
        check!(the_last_stage_can_stop_the_source),
    ])
}

/// What is computed, whatever the order: readings by sensor, some of them garbled.
fn the_result_is_right() {
    let (source, pipeline) = Pipeline::start(8, parse, to_millikelvin, collect, BTreeMap::new());
    let feeder = feed(source, random_lines());
    let report = finished(finish(pipeline));
    observe("readings by sensor", report.result);
    observe("lines that were sent", sent(feeder));
}

/// The oracle: the same functions in a loop.
fn the_sequential_result() {
    let lines = random_lines();
    let count = lines.len();
    let mut sensors = BTreeMap::new();
    for reading in lines.into_iter().filter_map(parse) {
        let _ = collect(&mut sensors, to_millikelvin(reading));
    }
    observe("readings by sensor", sensors);
    observe("lines that were sent", count);
}

/// `None`, some good items, `None`, and a good one at the end: who takes the first `None`
/// for the end finds nothing.
fn refused_items_are_counted_and_go_no_further() {
    let seen = Log::default();
    let transformed = seen.clone();
    let (source, pipeline) = Pipeline::start(
        2,
        |n: u32| (n & 3 != 0).then_some(n),
        move |n| transformed.note(n),
        count,
        0,
    );
    let feeder = feed(source, 0..10);
    let report = finished(finish(pipeline));
    sent(feeder);
    let mut seen = seen.list();
    seen.sort_unstable();
    assert!(
        seen == [1, 2, 3, 5, 6, 7, 9],
        "`validate` refused 0, 4 and 8 of the numbers 0 to 9, and these reached `transform`: {seen:?}"
    );
    assert!(
        report.rejected == 3,
        "`validate` refused 3 of 10 items, and the report says {}",
        report.rejected
    );
}

/// The first item is held in `transform` and then in `aggregate`, with others behind it. If
/// one of them can get past it, or they pile up in the wrong order, there is time for it.
fn items_stay_in_order() {
    let gates = [Gate::default(), Gate::default()];
    let [first, second] = gates.clone();
    let order = Log::default();
    let arrived = order.clone();
    let (source, pipeline) = Pipeline::start(
        4,
        Some,
        move |n: u32| first.pass_if(n == 0, n),
        move |total, n| {
            arrived.note(n);
            second.pass_if(n == 0, n);
            count(total, n)
        },
        0,
    );
    let feeder = feed(source, 0..16);
    let end = finish(pipeline);
    for gate in gates {
        let _ = end.wait_asleep();
        gate.open();
    }
    finished(end);
    sent(feeder);
    let order = order.list();
    assert!(
        order == (0..16).collect::<Vec<u32>>(),
        "items 0 to 15 went in in this order, and reached `aggregate` in this one: {order:?}"
    );
}

fn each_stage_has_one_thread() {
    let threads = ThreadCount::start();
    let seen = [(); 3].map(|()| Threads::default());
    let [first, second, third] = seen.clone();
    let (source, pipeline) = Pipeline::start(
        8,
        move |n: u32| {
            first.note();
            Some(n)
        },
        move |n| second.note_and(n),
        move |total, n| {
            third.note();
            count(total, n)
        },
        0,
    );
    let end = finish(pipeline);
    // The source stays open until the threads are counted.
    let feeder = wt_check::spawn("source", move || {
        let sent = (0..10).filter(|n| source.send(*n).is_ok()).count();
        (source, sent)
    });
    let fed = feeder.join_settled();
    // The check's own threads do not count, once they have started.
    settle();
    let extra = threads.extra();
    let source = fed.unwrap_or_else(|why| panic!("the source could not send its items: {why}"));
    drop(source);
    finished(end);
    let used: Vec<ThreadId> = seen.iter().flat_map(Threads::list).collect();
    let mut distinct = used.clone();
    distinct.sort_by_key(|id| format!("{id:?}"));
    distinct.dedup();
    assert!(
        used.len() == 3 && distinct.len() == 3,
        "three stages were called on {} thread(s), not on one each",
        distinct.len()
    );
    assert!(
        extra <= 3,
        "the pipeline has 3 stages and had started {extra} threads"
    );
}

/// The proof of a pipeline: the third item is in `validate`, the second in `transform` and
/// the first in `aggregate`, all at one moment. Each is held there until nothing moves.
fn stages_overlap() {
    let (gate, inside) = (Gate::default(), InFlight::new());
    let [third, second, first] = [3, 2, 1].map(|call| hold_at(call, &gate, &inside));
    let (source, pipeline) = Pipeline::start(
        1,
        move |n: u32| {
            third();
            Some(n)
        },
        move |n| {
            second();
            n
        },
        move |total, n| {
            first();
            count(total, n)
        },
        0,
    );
    let feeder = feed(source, 0..3);
    let end = finish(pipeline);
    settle();
    let together = inside.now();
    gate.open();
    assert!(
        together == 3,
        "three items were under way and nothing held them up, and {together} of the three stages were busy at the same time"
    );
    finished(end);
    sent(feeder);
}

/// Something that waits at the gate when it is called for the given time.
fn hold_at(call: usize, gate: &Gate, inside: &InFlight) -> impl Fn() + Send + 'static {
    let (calls, gate, inside) = (AtomicUsize::new(0), gate.clone(), inside.clone());
    move || {
        if calls.fetch_add(1, Ordering::SeqCst) + 1 == call {
            let _flight = inside.enter();
            gate.pass();
        }
    }
}

/// Nobody waits for the pipeline, and the source stays open. If an item needs its maker to
/// get on, or the end of all items, it never arrives.
fn it_runs_without_its_maker() {
    let through = Arc::new(AtomicUsize::new(0));
    let arrived = Arc::clone(&through);
    let (source, pipeline) = Pipeline::start(
        2,
        Some,
        |n: u32| n,
        move |total, n| {
            arrived.fetch_add(1, Ordering::SeqCst);
            count(total, n)
        },
        0,
    );
    let feeder = wt_check::spawn("source", move || {
        let sent = (0..6).filter(|n| source.send(*n).is_ok()).count();
        (source, sent)
    });
    settle();
    let arrived = through.load(Ordering::SeqCst);
    assert!(
        arrived == 6,
        "6 items were sent, the source stayed open and nobody called `finish`: {arrived} items got through"
    );
    drop(feeder.join_settled());
    finished(finish(pipeline));
}

/// The last stage stands still. Three links are all that fits, and what the stages have in
/// their hands.
fn every_link_is_bounded() {
    const ROOM: usize = 4;
    let gate = Gate::default();
    let closed = gate.clone();
    let (source, pipeline) = Pipeline::start(
        ROOM,
        Some,
        |n: u32| n,
        move |total, n| {
            closed.pass();
            count(total, n)
        },
        0,
    );
    let accepted = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&accepted);
    let feeder = wt_check::spawn("source", move || {
        for n in 0..30 {
            if source.send(n).is_err() {
                break;
            }
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let end = finish(pipeline);
    let _ = feeder.wait_asleep();
    let inside = accepted.load(Ordering::SeqCst);
    gate.open();
    let most = 3 * ROOM + 6;
    assert!(
        inside <= most,
        "links of {ROOM} places and a last stage that stood still: the source could send {inside} of 30 items, and {most} is more than the links and the stages can hold"
    );
    assert!(
        inside >= 3 * ROOM,
        "three links of {ROOM} places and a last stage that stood still: the source could send only {inside} items"
    );
    let report = finished(end);
    assert!(
        report.result == 30,
        "30 items were sent, and {} got through",
        report.result
    );
}

/// The source is closed while six items are inside and the last stage is held.
fn finish_waits_for_what_is_under_way() {
    let threads = ThreadCount::start();
    let gate = Gate::default();
    let closed = gate.clone();
    let (source, pipeline) = Pipeline::start(
        8,
        Some,
        |n: u32| n,
        move |total, n| {
            closed.pass();
            count(total, n)
        },
        0,
    );
    sent(feed(source, 0..6));
    let end = finish(pipeline);
    let early = end.wait_asleep() == Activity::Finished;
    gate.open();
    let report = finished(end);
    assert!(
        !early,
        "`finish` returned while the last stage was still busy"
    );
    assert!(
        report.result == 6,
        "6 items went in before the source was closed, and {} got through",
        report.result
    );
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "{} thread(s) still lived after `finish`",
        left.len()
    );
}

/// The same accident in each stage; the table is the claim. It ends where somebody waits
/// in vain.
fn a_panic_stops_the_pipeline() {
    let mut table = String::new();
    for broken in ["validate", "transform", "aggregate"] {
        let (text, over) = accident(broken);
        table += &text;
        if !over {
            break;
        }
    }
    assert_snapshot!("panics", table);
}

/// Item 2 makes `broken` panic: what came of it, and whether all is over then.
fn accident(broken: &'static str) -> (String, bool) {
    let threads = ThreadCount::start();
    let (source, pipeline) = fragile(broken);
    let end = finish(pipeline);
    let (stopped, source) = match offer(&source) {
        Offered::Refused => (true, "an error"),
        Offered::All => (false, "no error, it can go on sending"),
        Offered::Stuck => (false, "no error, it waits for room"),
    };
    let said = match end.join_settled() {
        Ok(Ok(report)) => format!("no error, and a result of {} items", report.result),
        Ok(Err(failed)) => failed.to_string(),
        Err(Unjoined::StillRunning) => "nothing, it still waits".into(),
        Err(Unjoined::Panicked(message)) => format!("a panic: {message}"),
    };
    let text = format!("{broken} panics\n  finish says      {said}\n  the source gets  {source}\n");
    if !stopped || said.starts_with("nothing") {
        return (text, false);
    }
    let left = threads.left_behind().len();
    (format!("{text}  threads left     {left}\n"), true)
}

/// What became of a source that sends one item after another.
enum Offered {
    /// A send failed, because nobody takes items any more.
    Refused,
    /// All items went in.
    All,
    /// There is no room, and nothing moves that could make some.
    Stuck,
}

/// Offers up to 16 numbers, each when the one before has gone as far as it can.
fn offer(source: &Sender<u32>) -> Offered {
    for number in 0..16 {
        settle();
        match source.try_send(number) {
            Ok(()) => {}
            Err(TrySendError::Disconnected(_)) => return Offered::Refused,
            Err(TrySendError::Full(_)) => return Offered::Stuck,
        }
    }
    Offered::All
}

/// The source fills the pipeline and falls asleep; then the stage in the middle panics.
/// Nobody calls `finish`.
fn a_panic_frees_the_source() {
    let gate = Gate::default();
    let closed = gate.clone();
    let (source, pipeline) = Pipeline::start(
        1,
        Some,
        move |n: u32| {
            closed.pass();
            if n == 0 {
                panic!("this panic belongs to the check");
            }
            n
        },
        count,
        0,
    );
    let feeder = wt_check::spawn("source", move || {
        (0..40).filter(|n| source.send(*n).is_ok()).count()
    });
    let waits = feeder.wait_asleep() == Activity::Asleep;
    gate.open();
    match feeder.join_settled() {
        Ok(sent) => assert!(
            !waits || sent < 40,
            "`transform` panicked while the source waited for room, and the source could go on sending"
        ),
        Err(why) => panic!(
            "`transform` panicked while the source waited for room, and the source {}",
            told(&why)
        ),
    }
    drop(pipeline);
}

/// Four are enough, and the source would go on.
fn the_last_stage_can_stop_the_source() {
    let threads = ThreadCount::start();
    let (source, pipeline) = Pipeline::start(
        2,
        Some,
        |n: u32| n,
        |total, n| {
            let _ = count(total, n);
            if *total == 4 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
        0,
    );
    let end = finish(pipeline);
    match offer(&source) {
        Offered::Refused => {}
        Offered::All => panic!(
            "`aggregate` returned `Break` at the fourth item, and the source could go on sending"
        ),
        Offered::Stuck => panic!(
            "`aggregate` returned `Break` at the fourth item, and then the source found no room and no error"
        ),
    }
    let report = finished(end);
    assert!(
        report.result == 4,
        "`aggregate` returned `Break` at the fourth item, and the result counts {}",
        report.result
    );
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "`aggregate` returned `Break`, and {} thread(s) still lived after `finish`",
        left.len()
    );
}

/// A pipeline in which the stage of that name panics at item 2.
fn fragile(broken: &'static str) -> (Sender<u32>, Pipeline<u32>) {
    let fail = move |stage: &str, n: u32| {
        if stage == broken && n == 2 {
            panic!("item 2 is broken");
        }
    };
    Pipeline::start(
        1,
        move |n| {
            fail("validate", n);
            Some(n)
        },
        move |n| {
            fail("transform", n);
            n
        },
        move |total, n| {
            fail("aggregate", n);
            count(total, n)
        },
        0,
    )
}

/// Sends the items and closes the source.
fn feed<A: Send + 'static>(
    source: Sender<A>,
    items: impl IntoIterator<Item = A> + Send + 'static,
) -> Watched<usize> {
    wt_check::spawn("source", move || {
        items
            .into_iter()
            .filter_map(|item| source.send(item).ok())
            .count()
    })
}

/// How many items the feeder could send.
fn sent(feeder: Watched<usize>) -> usize {
    feeder
        .join_settled()
        .unwrap_or_else(|why| panic!("the source could not send its items: {why}"))
}

fn finish<R: Send + 'static>(pipeline: Pipeline<R>) -> Watched<Result<Report<R>, StageFailed>> {
    wt_check::spawn("finish", move || pipeline.finish())
}

/// The report of a pipeline in which nothing panics and whose source is closed.
fn finished<R>(end: Watched<Result<Report<R>, StageFailed>>) -> Report<R> {
    match end.join_settled() {
        Ok(Ok(report)) => report,
        Ok(Err(failed)) => panic!("no stage of the check panicked, and `finish` says: {failed}"),
        Err(why) => panic!("the end of the items had come, and `finish` {}", told(&why)),
    }
}

fn told(why: &Unjoined) -> String {
    match why {
        Unjoined::StillRunning => "did not return".into(),
        Unjoined::Panicked(message) => format!("panicked with \"{message}\""),
    }
}

/// The simplest last stage.
fn count(total: &mut u32, _: u32) -> ControlFlow<()> {
    *total += 1;
    ControlFlow::Continue(())
}

type Sensors = BTreeMap<String, (u32, i64)>;

/// `kitchen 21500`: a sensor and thousandths of a degree Celsius.
fn parse(line: String) -> Option<(String, i64)> {
    let (sensor, value) = line.split_once(' ')?;
    Some((sensor.to_owned(), value.parse().ok()?))
}

fn to_millikelvin((sensor, value): (String, i64)) -> (String, i64) {
    (sensor, value + 273_150)
}

fn collect(sensors: &mut Sensors, (sensor, value): (String, i64)) -> ControlFlow<()> {
    let (count, sum) = sensors.entry(sensor).or_default();
    *count += 1;
    *sum += value;
    ControlFlow::Continue(())
}

fn random_lines() -> Vec<String> {
    let mut rng = rng();
    (0..40)
        .map(|_| {
            let sensor = ["attic", "cellar", "kitchen"][rng.usize(..3)];
            match rng.u8(..10) {
                0 => format!("{sensor} ?"),
                1 => sensor.to_owned(),
                _ => format!("{sensor} {}", rng.i32(-20_000..40_000)),
            }
        })
        .collect()
}

/// Numbers, in the order in which they were noted.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u32>>>);

impl Log {
    fn note(&self, n: u32) -> u32 {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(n);
        n
    }

    fn list(&self) -> Vec<u32> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The threads on which something was called.
#[derive(Clone, Default)]
struct Threads(Arc<Mutex<Vec<ThreadId>>>);

impl Threads {
    fn note(&self) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let me = thread::current().id();
        if !seen.contains(&me) {
            seen.push(me);
        }
    }

    fn note_and<T>(&self, value: T) -> T {
        self.note();
        value
    }

    fn list(&self) -> Vec<ThreadId> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Holds a stage back until the check has looked, or until patience is over.
///
/// Whoever waits here sleeps, so that it is not taken for a thread at work, and
/// turns over now and then, so that it is not taken for one that hangs.
#[derive(Clone, Default)]
struct Gate {
    inside: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    fn open(&self) {
        *self.state() = true;
        self.inside.1.notify_all();
    }

    /// Passes `value` on, and waits first if `held`.
    fn pass_if<T>(&self, held: bool, value: T) -> T {
        if held {
            self.pass();
        }
        value
    }

    fn pass(&self) {
        let deadline = Instant::now() + patience();
        let mut open = self.state();
        while !*open {
            *open = Instant::now() >= deadline;
            let nap = Duration::from_millis(300);
            let woken = self.inside.1.wait_timeout(open, nap);
            open = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, bool> {
        self.inside.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
