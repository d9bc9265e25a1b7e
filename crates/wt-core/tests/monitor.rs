//! Histograms, samples, periods and verdicts, from numbers alone.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use wt_core::monitor::{
    Health, HealthPolicy, Histogram, JobTimes, MemoryMeter, PeriodError, Sample, WorkerSample,
};

const SECOND: Duration = Duration::from_secs(1);

/// A sample of one worker, `seconds` after `start`.
fn sample(start: Instant, seconds: u64, worker: WorkerSample) -> Sample {
    let mut sample = Sample::new(start + Duration::from_secs(seconds));
    sample.jobs.workers = 1;
    sample.workers = vec![worker];
    sample
}

fn worker(begun: u64, busy: Duration) -> WorkerSample {
    let mut worker = WorkerSample::new(0, "w-0");
    worker.begun = begun;
    worker.busy = busy;
    worker
}

#[test]
fn a_histogram_agrees_with_a_sorted_list() {
    let mut rng = fastrand::Rng::with_seed(17);
    for _ in 0..30 {
        let mut times: Vec<Duration> = (0..rng.usize(1..500))
            .map(|_| Duration::from_nanos(rng.u64(..) >> rng.u32(24..64)))
            .collect();
        let mut histogram = Histogram::new();
        times.iter().for_each(|&time| histogram.record(time));
        times.sort_unstable();
        assert_eq!(histogram.count(), times.len() as u64);
        assert_eq!(histogram.sum(), times.iter().sum());
        assert_eq!(
            histogram.mean().as_nanos(),
            histogram.sum().as_nanos() / times.len() as u128
        );
        for quantile in [0.01, 0.5, 0.9, 0.99, 1.0] {
            let rank = (quantile * times.len() as f64).ceil().max(1.0) as usize;
            assert_close(histogram.quantile(quantile), times[rank - 1]);
        }
        assert_close(histogram.max(), times[times.len() - 1]);
        let bound = times[rng.usize(..times.len())];
        let exact = times.iter().filter(|&&time| time <= bound).count() as u64;
        let widest = times
            .iter()
            .filter(|&&time| time <= bound + bound / 64)
            .count() as u64;
        let counted = histogram.count_up_to(bound);
        assert!((exact..=widest).contains(&counted), "{counted} of {exact}");
    }
}

/// Equal to two digits.
#[track_caller]
fn assert_close(measured: Duration, exact: Duration) {
    let error = measured.abs_diff(exact);
    assert!(error <= exact / 100, "{measured:?} for {exact:?}");
}

#[test]
fn a_histogram_of_nothing_is_all_zero() {
    let none = Histogram::new();
    assert_eq!((none.count(), none.sum()), (0, Duration::ZERO));
    assert_eq!((none.mean(), none.max()), (Duration::ZERO, Duration::ZERO));
    assert_eq!(none.quantile(0.5), Duration::ZERO);
    assert_eq!(none.count_up_to(SECOND), 0);
}

#[test]
fn times_of_any_length_are_counted() {
    let mut times = Histogram::new();
    times.record(Duration::ZERO);
    times.record(Duration::MAX);
    times.record(Duration::MAX);
    assert_eq!(times.count(), 3);
    assert_eq!(
        (times.quantile(0.0), times.sum()),
        (Duration::ZERO, Duration::MAX)
    );
    assert!(times.max() > Duration::from_secs(9_000_000_000));
}

#[test]
fn since_and_add_are_inverse() {
    let mut rng = fastrand::Rng::with_seed(18);
    let (mut all, mut late) = (Histogram::new(), Histogram::new());
    for _ in 0..100 {
        all.record(Duration::from_nanos(rng.u64(..1_000_000)));
    }
    let early = all.clone();
    for _ in 0..100 {
        let time = Duration::from_nanos(rng.u64(..1_000_000_000));
        all.record(time);
        late.record(time);
    }
    let since = all.since(&early).unwrap();
    assert_eq!((since.count(), since.sum()), (100, late.sum()));
    assert_eq!(since.quantile(0.9), late.quantile(0.9));
    assert!(early.since(&all).is_none());
    let mut together = early.clone();
    together.add(&late);
    assert_eq!((together.count(), together.sum()), (200, all.sum()));
    assert_eq!(together.quantile(0.3), all.quantile(0.3));
}

#[test]
fn times_recorded_by_many_threads_are_all_counted() {
    for threads in [1, 2, 8] {
        let times = Arc::new(JobTimes::new());
        let record = |worker: usize| {
            let times = Arc::clone(&times);
            move || {
                for nanos in 0..500 {
                    times.waited(worker, Duration::from_nanos(nanos));
                    times.ran(worker + 15, Duration::from_nanos(2 * nanos));
                }
            }
        };
        let threads: Vec<_> = (0..threads).map(|n| thread::spawn(record(n))).collect();
        let count = threads.len() as u64;
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        let (wait, run) = (times.wait(), times.run());
        assert_eq!((wait.count(), run.count()), (500 * count, 500 * count));
        let sum: u64 = (0..500).sum();
        assert_eq!(wait.sum(), Duration::from_nanos(sum * count));
        assert_eq!(run.sum(), 2 * wait.sum());
    }
}

#[test]
fn ratios_are_of_the_period_and_not_since_the_start() {
    let start = Instant::now();
    // Idle for an hour, then busy all the time.
    let before = sample(start, 3600, worker(5, SECOND));
    let mut after = sample(start, 3610, worker(25, 11 * SECOND));
    after.jobs.submitted = 40;
    after.jobs.done = 20;
    let period = after.since(&before).unwrap();
    assert_eq!(period.length, 10 * SECOND);
    assert_eq!(period.workers[0].utilisation, 1.0);
    assert_eq!((period.workers[0].begun, period.submitted), (20, 40));
    assert_eq!((period.throughput(), period.utilisation()), (2.0, 1.0));
    // And idle again.
    let mut later = sample(start, 3620, worker(25, 11 * SECOND));
    later.jobs = after.jobs;
    let period = later.since(&after).unwrap();
    assert_eq!((period.utilisation(), period.finished()), (0.0, 0));
}

#[test]
fn a_worker_that_replaced_another_is_counted_from_its_own_beginning() {
    let start = Instant::now();
    let before = sample(start, 0, worker(900, 50 * SECOND));
    let after = sample(start, 10, worker(3, 2 * SECOND));
    let period = after.since(&before).unwrap();
    assert_eq!(period.workers[0].begun, 3);
    assert_eq!(period.workers[0].utilisation, 0.2);
    let period = after.since(&Sample::new(start)).unwrap();
    assert_eq!(period.workers[0].begun, 3, "nobody was there before");
}

#[test]
fn a_clock_that_goes_back_is_an_error_and_no_panic() {
    let start = Instant::now();
    let (early, late) = (Sample::new(start), Sample::new(start + SECOND));
    assert_eq!(early.since(&late).unwrap_err(), PeriodError::NotLater);
    assert_eq!(early.since(&early).unwrap_err(), PeriodError::NotLater);
    assert!(late.since(&early).is_ok());
}

#[test]
fn samples_of_two_pools_are_an_error() {
    let start = Instant::now();
    let (mut one, mut other) = (Sample::new(start), Sample::new(start + SECOND));
    one.jobs.done = 1;
    assert_eq!(other.since(&one).unwrap_err(), PeriodError::Unrelated);
    other.jobs.done = 1;
    one.wait.record(SECOND);
    let error = other.since(&one).unwrap_err();
    assert_eq!(error, PeriodError::Unrelated);
    assert_eq!(
        error.to_string(),
        "a total has shrunk, so the samples are of two pools"
    );
}

#[test]
fn processor_time_beside_busy_time_tells_waiting_from_computing() {
    let start = Instant::now();
    let at = |seconds, cpu_millis| {
        let mut worker = worker(1, Duration::from_secs(seconds));
        worker.cpu = Some(Duration::from_millis(cpu_millis));
        sample(start, seconds, worker)
    };
    let waits = at(10, 100).since(&at(0, 0)).unwrap();
    assert_eq!(waits.workers[0].utilisation, 1.0);
    assert_eq!(waits.workers[0].cpu, Some(0.01));
    let computes = at(10, 10_000).since(&at(0, 0)).unwrap();
    assert_eq!(computes.workers[0].cpu, Some(1.0));
}

/// One row of the table in the documentation of [`Health`], as numbers.
struct Row {
    workers: usize,
    queued: (u64, u64),
    finished: u64,
    running_for: u32,
    busy: u32,
    verdict: &'static str,
}

#[test]
fn the_verdict_follows_the_table() {
    let row = |workers, queued, finished, running_for, busy, verdict| Row {
        workers,
        queued,
        finished,
        running_for,
        busy,
        verdict,
    };
    let rows = [
        row(0, (1, 1), 0, 0, 0, "dead: 1 jobs queued, no worker alive"),
        row(0, (5, 1), 4, 0, 0, "healthy"),
        row(0, (0, 0), 0, 0, 0, "healthy"),
        row(1, (0, 0), 9, 10, 10, "stalled: w-0 for 10.0 s"),
        row(1, (0, 9), 0, 25, 10, "stalled: w-0 for 25.0 s"),
        row(1, (0, 0), 9, 9, 10, "healthy"),
        row(
            1,
            (3, 3),
            9,
            1,
            9,
            "saturated: 3 jobs queued, workers 90 % busy",
        ),
        row(
            1,
            (0, 7),
            9,
            0,
            10,
            "saturated: 7 jobs queued, workers 100 % busy",
        ),
        row(1, (7, 3), 9, 0, 10, "healthy"),
        row(1, (3, 3), 9, 1, 8, "healthy"),
        row(1, (0, 0), 9, 1, 10, "healthy"),
    ];
    let start = Instant::now();
    for row in rows {
        let mut before = sample(start, 0, worker(0, Duration::ZERO));
        before.jobs.queued = row.queued.0;
        let mut busy = worker(row.finished, row.busy * SECOND);
        busy.running_for = (row.running_for > 0).then_some(row.running_for * SECOND);
        let mut after = sample(start, 10, busy);
        after.jobs.workers = row.workers;
        after.workers.truncate(row.workers);
        (after.jobs.queued, after.jobs.done) = (row.queued.1, row.finished);
        let health = HealthPolicy::default().judge(&after.since(&before).unwrap());
        assert_eq!(health.to_string(), row.verdict);
        assert!(row.verdict.starts_with(health.word()));
    }
}

#[test]
fn all_stalled_workers_are_named_longest_first() {
    let start = Instant::now();
    let mut after = sample(start, 5, worker(0, SECOND));
    after.workers = [3, 20, 12]
        .map(|seconds| {
            let mut worker = WorkerSample::new(seconds, format!("w-{seconds}"));
            worker.running_for = Some(Duration::from_secs(seconds as u64));
            worker.cpu = Some(Duration::ZERO);
            worker
        })
        .to_vec();
    let period = after.since(&Sample::new(start)).unwrap();
    let health = HealthPolicy::default().judge(&period);
    assert_eq!(
        health.to_string(),
        "stalled: w-20 for 20.0 s, 0 % on a processor, w-12 for 12.0 s, 0 % on a processor"
    );
    let mut patient = HealthPolicy::default();
    patient.stalled_after = 21 * SECOND;
    assert_eq!(patient.judge(&period), Health::Healthy);
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn a_cpu_clock_runs_while_its_thread_computes_and_stands_while_it_sleeps() {
    use std::sync::mpsc;
    use wt_core::monitor::CpuClock;

    let (tx, rx) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let clock = CpuClock::of_this_thread().unwrap();
        while clock.read().unwrap() < Duration::from_millis(20) {
            std::hint::spin_loop();
        }
        tx.send(clock).unwrap();
        wait.recv().unwrap();
    });
    let clock = rx.recv().unwrap();
    assert!(clock.read().unwrap() >= Duration::from_millis(20));
    // It is in `recv`, or on its way there: what is left to do takes no 20 ms of processor time,
    // however long this thread computes.
    let own = CpuClock::of_this_thread().unwrap();
    let until = own.read().unwrap() + Duration::from_millis(60);
    while own.read().unwrap() < until {
        std::hint::spin_loop();
    }
    assert!(clock.read().unwrap() < Duration::from_millis(60));
    go.send(()).unwrap();
    thread.join().unwrap();
    // `join` returns when the kernel has marked the thread as ended, a moment before its clock
    // is gone.
    let until = Instant::now() + Duration::from_secs(10);
    while clock.read().is_some() {
        assert!(Instant::now() < until, "the thread has ended");
        thread::yield_now();
    }
}

#[test]
fn without_the_counting_allocator_there_is_no_meter() {
    assert!(MemoryMeter::start().is_none());
    drop(vec![0_u8; 100]);
}
