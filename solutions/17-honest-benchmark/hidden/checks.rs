//! Hidden checks of lesson 17: a benchmark harness that is hard to fool.
//!
//! Every time is scripted: the workloads move a fake clock, and nothing is ever
//! measured. So a harness that is right is right on any machine.

use std::cell::{Cell, RefCell};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use honest_benchmark::{
    Bench, Comparison, Executor, Opaque, PoolTimes, Scaling, Summary, Verdict, measure_pool,
};
use wt_check::{
    Activity, FakeClock, Rendezvous, Unjoined, Watched, assert_same, assert_snapshot, check,
    fastrand, observe, observed, rng, wait_until,
};
use wt_core::time::Clock;

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(percentiles_are_nearest_rank => expected_percentiles),
        check!(warm_up_runs_do_not_count),
        check!(set_up_and_clean_up_are_not_timed),
        check!(the_optimizer_sees_neither_input_nor_output),
        check!(the_two_take_turns),
        check!(neither_is_always_first),
        check!(the_same_twice_is_no_difference),
        check!(a_machine_that_gets_slower_decides_nothing),
        check!(a_few_outliers_decide_nothing),
        observed!(a_real_difference_is_told => expected_difference),
        check!(the_table_shows_both),
        check!(waiting_is_told_apart_from_service),
        check!(measuring_waits_for_the_last_job),
        check!(jobs_are_submitted_before_any_is_waited_for),
        observed!(the_serial_part_is_found => expected_serial_part),
        check!(a_part_is_never_less_than_nothing),
    ])
}

// The harness.

fn percentiles_are_nearest_rank() {
    for times in random_times() {
        observe(
            &format!("of {} times", times.len()),
            numbers(&Summary::of(times)),
        );
    }
}

fn expected_percentiles() {
    for mut times in random_times() {
        let n = times.len();
        times.sort_unstable();
        // The place is the smallest one with at least p % of the times up to it.
        let percentile = |p: usize| {
            let place = (1..=n).find(|place| place * 100 >= n * p);
            times[place.unwrap_or(n) - 1].as_micros()
        };
        let (least, most) = (times[0].as_micros(), times[n - 1].as_micros());
        let [p25, median, p75, p95] = [25, 50, 75, 95].map(percentile);
        observe(
            &format!("of {n} times"),
            (n, [least, p25, median, p75, p95, most]),
        );
    }
}

fn random_times() -> Vec<Vec<Duration>> {
    let mut rng = rng();
    let sizes = [1, 2, 3, 4, 5, 20, 21, 100, 101];
    let mut times = |n: usize| {
        (0..n)
            .map(|_| Duration::from_micros(rng.u64(..10_000)))
            .collect()
    };
    sizes.into_iter().map(&mut times).collect()
}

fn numbers(s: &Summary) -> (usize, [u128; 6]) {
    let times = [s.least, s.p25, s.median, s.p75, s.p95, s.most];
    (s.runs, times.map(|time| time.as_micros()))
}

/// The first three runs of each are slow: caches are cold, pages are not there yet.
fn warm_up_runs_do_not_count() {
    let clock = FakeClock::new();
    let runs = [Cell::new(0), Cell::new(0)];
    let run = |which: usize| {
        let (runs, clock) = (&runs[which], clock.clone());
        move |()| {
            runs.set(runs.get() + 1);
            clock.advance(ms(if runs.get() <= 3 { 500 } else { 2 }));
        }
    };
    let both = bench(&clock, 3, 10).compare(|| (), run(0), run(1));
    let counted = [both.a.runs, both.b.runs];
    assert_same!(
        counted,
        [10, 10],
        "3 runs of each to warm up and 10 that count; runs that counted"
    );
    let run = [runs[0].get(), runs[1].get()];
    assert_same!(
        run,
        [13, 13],
        "3 runs of each to warm up and 10 that count; runs in all"
    );
    assert_same!(
        [both.a.most, both.b.most],
        [ms(2), ms(2)],
        "the first 3 runs took 500 ms and all others 2 ms; the longest that counted"
    );
}

/// Only the 3 ms and the 7 ms in the middle are the workloads'.
fn set_up_and_clean_up_are_not_timed() {
    let clock = FakeClock::new();
    struct Output(FakeClock);
    impl Drop for Output {
        fn drop(&mut self) {
            self.0.advance(ms(1000));
        }
    }
    let set_up = || clock.advance(ms(200));
    let run = |time| {
        let clock = &clock;
        move |()| {
            clock.advance(ms(time));
            Output(clock.clone())
        }
    };
    let both = bench(&clock, 1, 9).compare(set_up, run(3), run(7));
    assert_same!(
        [both.a.most, both.b.most],
        [ms(3), ms(7)],
        "200 ms of set-up, 3 and 7 ms of work, 1000 ms to drop the output; the longest times"
    );
}

/// What happened, in order: `input` and `output` were hidden, `run`, `clock`.
type Events = Arc<Mutex<Vec<&'static str>>>;

fn note(events: &Events, what: &'static str) {
    events
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(what);
}

struct Counted(Events);

impl Opaque for Counted {
    /// What was hidden is told by its type, also inside a reference or a tuple.
    fn hide<T>(&self, value: T) -> T {
        let name = std::any::type_name::<T>();
        for (part, what) in [("GivenToRun", "input"), ("MadeByRun", "output")] {
            if name.contains(part) {
                note(&self.0, what);
            }
        }
        value
    }
}

struct GivenToRun;
struct MadeByRun;

/// A clock that tells when it was asked.
struct Asked(FakeClock, Events);

impl Clock for Asked {
    fn now(&self) -> std::time::Instant {
        note(&self.1, "clock");
        self.0.now()
    }
    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration);
    }
}

fn the_optimizer_sees_neither_input_nor_output() {
    let events = Events::default();
    let clock = Asked(FakeClock::new(), Arc::clone(&events));
    let bench = Bench {
        clock: &clock,
        opaque: Counted(Arc::clone(&events)),
        warm_up: 0,
        rounds: 2,
    };
    let run = |_: GivenToRun| {
        note(&events, "run");
        MadeByRun
    };
    let _ = bench.compare(|| GivenToRun, run, run);
    let events = events
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let parts: Vec<&[&str]> = events.split(|event| *event == "run").collect();
    let mut inputs = 0;
    for (number, part) in parts.iter().enumerate().take(4) {
        inputs += part.iter().filter(|event| **event == "input").count();
        assert!(
            inputs > number,
            "a run got an input that was not hidden: the optimizer may compute the run beforehand"
        );
    }
    for part in parts.iter().skip(1) {
        let first = part
            .iter()
            .find(|event| ["output", "clock"].contains(event));
        assert!(
            part.contains(&"output"),
            "the output of a run was not hidden: the optimizer may leave the run out"
        );
        assert!(
            first == Some(&"output"),
            "the output of a run was hidden after the clock was stopped: the optimizer may move the run behind that"
        );
    }
}

/// After any number of runs, one has had at most one more than the other.
fn the_two_take_turns() {
    let order = order_of_runs();
    let (mut ahead, mut most) = (0_i32, 0);
    for which in order.chars() {
        ahead += if which == 'a' { 1 } else { -1 };
        most = most.max(ahead.abs());
    }
    assert!(
        most <= 1,
        "20 rounds, and one of the two was {most} runs ahead of the other; the order was {}",
        shortened(&order)
    );
}

fn neither_is_always_first() {
    let order = order_of_runs();
    let rounds: Vec<&str> = (0..order.len() / 2)
        .filter_map(|n| order.get(2 * n..2 * n + 2))
        .collect();
    let first = rounds.iter().filter(|round| round.starts_with('a')).count();
    assert!(
        (1..20).contains(&first),
        "20 rounds, and a was the first of its round in {first} of them; the order was {}",
        shortened(&order)
    );
}

fn order_of_runs() -> String {
    let order = RefCell::new(String::new());
    let run = |which| {
        let order = &order;
        move |()| order.borrow_mut().push(which)
    };
    let clock = FakeClock::new();
    let _ = bench(&clock, 0, 20).compare(|| (), run('a'), run('b'));
    let order = order.into_inner();
    assert!(
        order.len() == 40,
        "20 rounds of two workloads were {} runs",
        order.len()
    );
    order
}

fn shortened(order: &str) -> String {
    format!("{} …", order.get(..12).unwrap_or(order))
}

/// The same workload under two names, with noise.
fn the_same_twice_is_no_difference() {
    for rounds in [25, 50, 100] {
        let noise = RefCell::new(rng());
        let both = scripted(rounds, |_, _| 1000 + noise.borrow_mut().u64(..300));
        says_no_difference(both, "the same workload twice, with noise");
    }
    let both = scripted(10, |_, _| 1000);
    says_no_difference(both, "the same workload twice, without any noise");
}

/// Each run takes 2 % longer than the one before: the processor gets hot.
fn a_machine_that_gets_slower_decides_nothing() {
    let both = scripted(50, |_, run| 1000 + 20 * run);
    says_no_difference(
        both,
        "the same workload twice, on a machine that gets slower with every run",
    );
    // And the second run of each round finds what the first has left in the caches.
    let both = scripted(200, |_, run| 1000 + 400 * (run % 2));
    says_no_difference(
        both,
        "the same workload twice, on a machine where every second run is slower",
    );
}

/// One run in ten of b meets somebody else's backup.
fn a_few_outliers_decide_nothing() {
    let both = scripted(50, |which, run| match (which, run % 20) {
        (1, 0..2) => 90_000,
        _ => 1000,
    });
    says_no_difference(
        both,
        "the same workload twice, and a few runs of b took 90 times as long",
    );
}

fn a_real_difference_is_told() {
    let (slow, noise) = difference();
    let noise = RefCell::new(noise);
    let mut times = [1000, slow];
    for name in ["a is faster", "b is faster"] {
        let both = scripted(41, |which, _| {
            times[which] + noise.borrow_mut().u64(..2) * 2
        });
        observe(
            name,
            match both.verdict() {
                Verdict::NoDifference => "no difference",
                Verdict::AFaster(_) => "a",
                Verdict::BFaster(_) => "b",
            },
        );
        times.reverse();
    }
    let both = scripted(5, |which, _| [1000, slow][which]);
    observe(
        "a is so many times as fast, in percent",
        match both.verdict() {
            Verdict::AFaster(times) => (times * 100.0).round(),
            _ => 0.0,
        },
    );
}

fn expected_difference() {
    let (slow, _) = difference();
    observe("a is faster", "a");
    observe("b is faster", "b");
    observe(
        "a is so many times as fast, in percent",
        (slow as f64 / 10.0).round(),
    );
}

fn difference() -> (u64, fastrand::Rng) {
    let mut rng = rng();
    (1000 + 10 * rng.u64(2..200), rng)
}

fn the_table_shows_both() {
    // By the workload's own runs, so that the order of the turns does not matter.
    let runs = [Cell::new(0), Cell::new(0)];
    let next = |which: usize| runs[which].replace((runs[which].get() + 1) % 20);
    // Two halves that overlap, and two that do not.
    let overlap = scripted(20, |which, _| 2000 + 150 * next(which) + 500 * which as u64);
    let apart = scripted(20, |which, _| (2000 + next(which)) * (which as u64 + 1));
    assert_snapshot!("table", format!("{overlap}\n\n{apart}"));
}

/// Compares two scripted workloads: the time of each run in microseconds, from the
/// workload (0 or 1) and the number of runs before it.
fn scripted(rounds: usize, time: impl Fn(usize, u64) -> u64) -> Comparison {
    let clock = FakeClock::new();
    let runs = Cell::new(0);
    let run = |which| {
        let (clock, runs, time) = (&clock, &runs, &time);
        move |()| {
            clock.advance(Duration::from_micros(time(which, runs.get())));
            runs.set(runs.get() + 1);
        }
    };
    bench(&clock, 0, rounds).compare(|| (), run(0), run(1))
}

fn says_no_difference(both: Comparison, what: &str) {
    assert!(
        both.verdict() == Verdict::NoDifference,
        "{what}: the verdict was that one of the two is faster"
    );
}

// The pool.

type Job = Box<dyn FnOnce() + Send>;

/// Keeps jobs until the check has them run.
struct Script {
    clock: FakeClock,
    kept: Arc<Mutex<Vec<Job>>>,
}

impl Executor for Script {
    fn submit(&self, job: Job) {
        self.clock.advance(ms(1)); // the price of a submit
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(job);
    }
}

/// Four jobs of 10, 20, 30 and 40 ms on one worker, which has another job of 100 ms first.
/// They were submitted 1 ms after each other, so the first waits for 4 + 100 ms.
fn waiting_is_told_apart_from_service() {
    let PoolTimes { wait, service } = on_script(vec![10, 20, 30, 40]);
    let service = [service.least, service.most].map(|time| time.as_millis());
    assert_same!(
        service,
        [10, 40],
        "jobs of 10, 20, 30 and 40 ms; least and most of `service`, in ms"
    );
    let wait = [wait.least, wait.most].map(|time| time.as_millis());
    assert_same!(
        wait,
        [104, 161],
        "four jobs behind one another, the first after 104 ms; least and most of `wait`, in ms"
    );
}

/// What the harness says of jobs that take so many milliseconds, on a worker that begins
/// with them when all have been submitted and the harness has done all it can.
fn on_script(times: Vec<u64>) -> PoolTimes {
    let (clock, wanted) = (FakeClock::new(), times.len());
    let kept = Arc::<Mutex<Vec<Job>>>::default();
    let script = Script {
        clock: clock.clone(),
        kept: Arc::clone(&kept),
    };
    let time: Arc<dyn Clock> = Arc::new(clock.clone());
    let job = |&time: &u64| {
        let clock = clock.clone();
        move || clock.advance(ms(time))
    };
    let jobs: Vec<_> = times.iter().map(job).collect();
    let measuring = wt_check::spawn("caller", move || measure_pool(time, &script, jobs));
    let _ = measuring.wait_asleep();
    let jobs = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    let submitted = jobs.len();
    assert!(
        submitted == wanted,
        "a pool was about to begin: {submitted} of {wanted} jobs had been submitted, and `measure_pool` waited"
    );
    clock.advance(ms(100)); // somebody else's job
    jobs.into_iter().for_each(|job| job());
    joined(measuring, "all jobs had ended")
}

/// A thread per job, and each job waits until it is let go.
struct Threads;

impl Executor for Threads {
    fn submit(&self, job: Box<dyn FnOnce() + Send>) {
        wt_check::spawn("worker", job);
    }
}

fn measuring_waits_for_the_last_job() {
    let (gate, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let ended = Arc::new(AtomicUsize::new(0));
    let done = Arc::clone(&ended);
    let measuring = wt_check::spawn("caller", move || {
        let wait = Arc::new(wait);
        let jobs = (0..3).map(|_| {
            let (wait, done) = (Arc::clone(&wait), Arc::clone(&done));
            move || {
                let _ = wait.lock().unwrap_or_else(PoisonError::into_inner).recv();
                done.fetch_add(1, Ordering::SeqCst);
            }
        });
        let times = measure_pool(Arc::new(FakeClock::new()), &Threads, jobs.collect());
        (times.service.runs, done.load(Ordering::SeqCst))
    });
    let activity = measuring.wait_asleep();
    assert!(
        activity != Activity::Finished,
        "three jobs were submitted and none had ended, and `measure_pool` returned"
    );
    assert!(
        activity == Activity::Asleep,
        "`measure_pool` kept running while it waited for jobs, on the machine that it measures"
    );
    for _ in 0..2 {
        let _ = gate.send(());
    }
    wait_until(|| ended.load(Ordering::SeqCst) == 2);
    assert!(
        measuring.wait_asleep() != Activity::Finished,
        "two of three jobs had ended, and `measure_pool` returned"
    );
    let _ = gate.send(());
    let counts = joined(measuring, "all jobs had ended");
    assert_same!(counts, (3, 3), "three jobs: times, and jobs that had ended");
}

/// Three jobs that meet: one at a time, each would wait for the next one for ever.
fn jobs_are_submitted_before_any_is_waited_for() {
    let meeting = Rendezvous::new(3);
    let jobs = (0..3).map(|_| {
        let meeting = meeting.clone();
        move || {
            let _ = meeting.meet();
        }
    });
    let jobs: Vec<_> = jobs.collect();
    let measuring = wt_check::spawn("caller", move || {
        measure_pool(Arc::new(FakeClock::new()), &Threads, jobs)
    });
    joined(
        measuring,
        "three jobs that wait for each other were to be measured",
    );
    assert!(
        wait_until(|| meeting.met()),
        "three jobs on three threads, and they never ran at the same time"
    );
}

// The law.

fn the_serial_part_is_found() {
    for times in random_scalings() {
        let fit = Scaling::fit(&times);
        observe(
            "serial, parallel in ms",
            (milli(fit.serial), milli(fit.parallel)),
        );
    }
}

fn expected_serial_part() {
    for times in random_scalings() {
        let (mut n, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (workers, time) in times {
            let (a, b) = (1.0 / workers as f64, time.as_secs_f64());
            (n, x, y, xx, xy) = (n + 1.0, x + a, y + b, xx + a * a, xy + a * b);
        }
        let parallel = (n * xy - x * y) / (n * xx - x * x);
        let serial = (y - parallel * x) / n;
        observe("serial, parallel in ms", (milli(serial), milli(parallel)));
    }
}

/// Exact times first, then noisy ones.
fn random_scalings() -> Vec<Vec<(usize, Duration)>> {
    let mut rng = rng();
    let mut all = Vec::new();
    for noise in [1, 1, 400, 400] {
        let (serial, parallel) = (rng.u64(500..5000), rng.u64(5000..50_000));
        let workers = [1, 2, 3, 4, 6, 8, 16];
        let mut time = |n: u64| Duration::from_millis(serial + parallel / n + rng.u64(..noise));
        all.push(workers.map(|n| (n as usize, time(n))).to_vec());
    }
    all
}

/// Rounded, so that the order of the additions does not matter.
fn milli(seconds: f64) -> i64 {
    (seconds * 1e3).round() as i64
}

/// Three workers that are more than three times as fast, and workers that only harm.
fn a_part_is_never_less_than_nothing() {
    let better = Scaling::fit(&[(1, ms(9000)), (2, ms(4000)), (3, ms(2500))]);
    assert!(
        better.serial == 0.0 && better.parallel > 0.0,
        "more than three times as fast with three workers: the serial part was {:.2} s",
        better.serial
    );
    let worse = Scaling::fit(&[(1, ms(1000)), (2, ms(1500)), (4, ms(2000))]);
    assert!(
        worse.parallel == 0.0 && worse.serial > 0.0,
        "slower with every worker: the parallel part was {:.2} s",
        worse.parallel
    );
}

fn bench(
    clock: &FakeClock,
    warm_up: usize,
    rounds: usize,
) -> Bench<'_, honest_benchmark::BlackBox> {
    Bench {
        clock,
        opaque: honest_benchmark::BlackBox,
        warm_up,
        rounds,
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The result of a call that has no reason to wait any longer.
fn joined<T>(measuring: Watched<T>, why: &str) -> T {
    match measuring.join_soon() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{why}, and `measure_pool` did not return"),
        Err(Unjoined::Panicked(message)) => panic!("`measure_pool` panicked: {message}"),
    }
}
