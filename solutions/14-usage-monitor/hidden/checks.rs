//! Hidden checks of lesson 14: a pool that can say what it is doing.
//!
//! Wall time is a fake clock's, and jobs wait at gates that the check opens, so every
//! share is known beforehand. Processor time is real: a job computes until its own
//! clock says that it has had so much of it, and then the fake clock moves by as much.
//! How busy the machine is has no part in it.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use usage_monitor::{Bytes, Jobs, Pool, Snapshot, Usage, WorkerTotals};
use wt_check::{
    Activity, FakeClock, ThreadCount, Unjoined, Watched, assert_same, assert_snapshot, check,
    observe, observed, patience, rng, wait_until,
};
use wt_core::monitor::CpuClock;

fn main() -> ExitCode {
    wt_check::run(&[
        check!(a_job_is_counted_where_it_is),
        check!(a_panic_is_counted_and_the_worker_goes_on),
        check!(every_snapshot_balances),
        check!(snapshots_answer_while_all_workers_are_busy),
        check!(waiting_is_not_busy),
        check!(a_running_job_counts_so_far),
        check!(a_spinner_is_near_one_and_a_sleeper_near_zero),
        observed!(shares_are_of_the_period => expected_shares),
        check!(no_time_gives_no_share),
        check!(a_peak_between_two_looks_is_seen),
        check!(held_bytes_come_back_after_a_panic),
        check!(the_table_shows_the_period),
        check!(an_idle_worker_sleeps),
        check!(drop_finishes_the_queue_and_leaves_no_thread),
    ])
}

/// One worker, so that it is known where each job is.
fn a_job_is_counted_where_it_is() {
    let (pool, _) = pool(1);
    let mut seen = vec![jobs_of(pool)];
    let first = gated(pool);
    let second = gate_of(pool);
    let third = gate_of(pool);
    seen.push(jobs_of(pool));
    for gate in [first, second, third] {
        drop(gate);
        settle();
        seen.push(jobs_of(pool));
    }
    let expected = [
        [0, 0, 0, 0, 0],
        [3, 0, 0, 2, 1],
        [3, 1, 0, 1, 1],
        [3, 2, 0, 0, 1],
        [3, 3, 0, 0, 0],
    ];
    assert_same!(
        seen,
        expected.to_vec(),
        "one worker and three jobs that end one after another: [submitted, done, failed, queued, running]"
    );
}

fn a_panic_is_counted_and_the_worker_goes_on() {
    let (pool, _) = pool(1);
    submit(pool, || panic!("this job panics"));
    let (tx, rx) = mpsc::channel();
    submit(pool, move || {
        let _ = tx.send(());
    });
    assert!(
        receive(&rx).is_some(),
        "one worker, and a job that panics: the job behind it was never run"
    );
    settle();
    assert_same!(
        jobs_of(pool),
        [2, 1, 1, 0, 0],
        "a job panicked and the next one returned: [submitted, done, failed, queued, running]"
    );
}

/// Snapshots that must show some progress since the one before.
const LOOKS: usize = 4000;

/// Jobs come and go as fast as they can while one snapshot after another is taken.
/// Only those count that caught the pool at another place than the one before.
fn every_snapshot_balances() {
    let (pool, _) = pool(3);
    let stop = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&stop);
    let producer = wt_check::spawn("producer", move || {
        let in_flight = Arc::new(AtomicUsize::new(0));
        while !over.load(Ordering::Relaxed) {
            if in_flight.load(Ordering::Relaxed) >= 64 {
                std::thread::yield_now();
                continue;
            }
            in_flight.fetch_add(1, Ordering::Relaxed);
            let job = Arc::clone(&in_flight);
            pool.submit(move || {
                job.fetch_sub(1, Ordering::Relaxed);
            });
        }
    });
    let lookers = [(), ()].map(|()| wt_check::spawn("looker", move || look(pool)));
    let looked = lookers.map(Watched::join_soon);
    stop.store(true, Ordering::Relaxed);
    let _ = producer.join_soon();
    let mut moved = 0;
    for looked in looked {
        match looked {
            Ok(Ok(looks)) => moved += looks,
            Ok(Err([submitted, done, failed, queued, running])) => panic!(
                "a snapshot under load: submitted {submitted}, but done {done} + failed {failed} + queued {queued} + running {running} is {}",
                sum([done, failed, queued, running])
            ),
            Err(Unjoined::StillRunning) => {
                panic!("`snapshot` did not return while jobs came and went")
            }
            Err(Unjoined::Panicked(message)) => panic!("`snapshot` panicked: {message}"),
        }
    }
    assert!(
        moved > 0,
        "jobs were submitted for a long time, and no snapshot showed any of them"
    );
}

/// Takes snapshots until enough of them have shown something new; the first that does
/// not balance is the error.
fn look(pool: &Pool) -> Result<usize, [u64; 5]> {
    let (mut last, mut moved) = ([0; 5], 0);
    let deadline = Instant::now() + patience() * 3 / 4;
    while moved < LOOKS && Instant::now() < deadline {
        let Jobs {
            submitted,
            done,
            failed,
            queued,
            running,
        } = pool.snapshot().jobs;
        let jobs = [submitted, done, failed, queued, running];
        if sum([done, failed, queued, running]) != submitted {
            return Err(jobs);
        }
        moved += usize::from(jobs != last);
        last = jobs;
    }
    Ok(moved)
}

/// Wrapping: a torn counter may be below zero.
fn sum(parts: [u64; 4]) -> u64 {
    parts.iter().fold(0, |sum, part| sum.wrapping_add(*part))
}

fn snapshots_answer_while_all_workers_are_busy() {
    let (pool, _) = pool(3);
    let _gates: Vec<_> = (0..3).map(|_| gated(pool)).collect();
    let _queued = gate_of(pool);
    assert_same!(
        jobs_of(pool),
        [4, 0, 0, 1, 3],
        "three workers are in jobs that wait, and a fourth job is queued: [submitted, done, failed, queued, running]"
    );
}

/// The worker waits for 6 seconds, and is in a job for 4.
fn waiting_is_not_busy() {
    let (pool, clock) = pool(1);
    submit(pool, || ()); // so that the worker has come to its second wait
    settle();
    let before = snapshot(pool);
    clock.advance(Duration::from_secs(6));
    let gate = gated(pool);
    clock.advance(Duration::from_secs(4));
    drop(gate);
    settle();
    let usage = usage(pool, &before);
    assert_same!(
        percents(&usage),
        vec![40],
        "a worker waited for 6 s and was in a job for 4 s; busy, in percent"
    );
}

/// A job of 10 seconds. Who counts at its end only says 0 % and later 250 %.
fn a_running_job_counts_so_far() {
    let (pool, clock) = pool(1);
    let _gate = gated(pool);
    clock.advance(Duration::from_secs(6));
    let first = snapshot(pool);
    clock.advance(Duration::from_secs(4));
    let second = usage(pool, &first);
    let so_far: Vec<u64> = first
        .workers
        .iter()
        .map(|worker| worker.busy.as_secs())
        .collect();
    assert_same!(
        so_far,
        vec![6],
        "a job has been running for 6 s; the worker's `busy`, in seconds"
    );
    assert_same!(
        percents(&second),
        vec![100],
        "the same job was running for all of the next 4 s; busy, in percent"
    );
}

/// Processor time that the spinning job uses up, and the length of a period.
const BURNT: Duration = Duration::from_millis(40);

/// Two workers, both in jobs all the time, of which one computes. In the period after
/// that, neither does: a total since the start would still show the first.
fn a_spinner_is_near_one_and_a_sleeper_near_zero() {
    let (pool, clock) = pool(2);
    let (start, wait_to_start) = mpsc::channel();
    let (spun, wait_for_spin) = mpsc::channel();
    let (_end, wait_for_end) = mpsc::channel::<()>();
    let _sleeper = gated(pool);
    submit(pool, move || {
        let _ = wait_to_start.recv();
        burn(BURNT);
        let _ = spun.send(());
        let _ = wait_for_end.recv();
    });
    settle();
    let first = snapshot(pool);
    let _ = start.send(());
    assert!(
        receive(&wait_for_spin).is_some(),
        "two workers, and the second of two jobs was not begun"
    );
    settle();
    clock.advance(BURNT);
    let second = snapshot(pool);
    clock.advance(BURNT);
    let (working, resting) = (second.since(&first), usage(pool, &second));
    if CpuClock::of_this_thread().is_none() {
        let none = |usage: &Usage| usage.workers.iter().all(|worker| worker.cpu.is_none());
        assert!(
            none(&working) && none(&resting),
            "the system has no clock for the processor time of a thread, but `cpu` was not None"
        );
        return;
    }
    assert!(
        levels(&working) == ["near 0", "near 1"],
        "two jobs were running, and one of them computed for as long as the period; the workers' processor shares were {}",
        levels(&working).join(" and ")
    );
    assert!(
        levels(&resting) == ["near 0", "near 0"],
        "two jobs were running, and neither computed in this period; the workers' processor shares were {}",
        levels(&resting).join(" and ")
    );
}

/// The shares in words, the lower one first. Which worker has which job is chance.
fn levels(usage: &Usage) -> Vec<&'static str> {
    let mut levels: Vec<_> = usage
        .workers
        .iter()
        .map(|worker| match worker.cpu {
            None => "unknown",
            Some(share) if share < 0.25 => "near 0",
            Some(share) if (0.75..1.25).contains(&share) => "near 1",
            Some(share) if share < 0.75 => "in between",
            Some(_) => "over 1",
        })
        .collect();
    levels.sort_unstable();
    levels
}

/// Keeps the calling thread on a processor for `time`.
fn burn(time: Duration) {
    let Some(clock) = CpuClock::of_this_thread() else {
        return;
    };
    let read = || clock.read().unwrap_or(Duration::MAX);
    let until = read() + time;
    while read() < until {
        std::hint::black_box((0..1000_u64).sum::<u64>());
    }
}

/// Differences and shares of random totals.
fn shares_are_of_the_period() {
    let Totals { then, now } = random_totals();
    let usage = now.since(&then);
    observe("length in ms", usage.length.as_millis());
    observe(
        "submitted, done, failed",
        [usage.jobs.submitted, usage.jobs.done, usage.jobs.failed],
    );
    observe(
        "queued, running, live, peak",
        [
            usage.jobs.queued,
            usage.jobs.running,
            usage.bytes.live,
            usage.bytes.peak,
        ],
    );
    for worker in &usage.workers {
        observe("jobs", worker.jobs);
        observe("busy in percent", rounded(worker.busy));
        observe("cpu in percent", worker.cpu.map(rounded));
    }
}

fn expected_shares() {
    let Totals { then, now } = random_totals();
    let length = (now.at - then.at).as_secs_f64();
    observe("length in ms", (now.at - then.at).as_millis());
    observe(
        "submitted, done, failed",
        [
            now.jobs.submitted - then.jobs.submitted,
            now.jobs.done - then.jobs.done,
            now.jobs.failed - then.jobs.failed,
        ],
    );
    observe(
        "queued, running, live, peak",
        [
            now.jobs.queued,
            now.jobs.running,
            now.bytes.live,
            now.bytes.peak,
        ],
    );
    for (now, then) in now.workers.iter().zip(&then.workers) {
        observe("jobs", now.jobs - then.jobs);
        let share = |time: Duration| rounded(time.as_secs_f64() / length);
        observe("busy in percent", share(now.busy - then.busy));
        let cpu = now.cpu.map(|cpu| share(cpu - then.cpu.unwrap_or_default()));
        observe("cpu in percent", cpu);
    }
}

struct Totals {
    then: Snapshot,
    now: Snapshot,
}

/// Totals that a pool could have had at two moments. Shares are whole percents.
fn random_totals() -> Totals {
    let mut rng = rng();
    let percent = Duration::from_millis(rng.u64(1..50));
    let start = Instant::now();
    let mut totals = || Jobs {
        submitted: 0,
        done: rng.u64(..1000),
        failed: rng.u64(..100),
        queued: rng.u64(..100),
        running: rng.u64(..4),
    };
    let (mut first, more) = (totals(), totals());
    first.submitted = first.done + first.failed + first.queued + first.running;
    let mut second = Jobs {
        done: first.done + more.done,
        failed: first.failed + more.failed,
        ..more
    };
    second.submitted = second.done + second.failed + first.queued + first.running + more.queued;
    second.queued = second.submitted - second.done - second.failed - second.running;
    let mut workers = (Vec::new(), Vec::new());
    for number in 0..4 {
        let then = WorkerTotals {
            jobs: rng.u64(..500),
            busy: percent * rng.u32(..5000),
            // One had not started yet, one does not know.
            cpu: (number < 2).then(|| percent * rng.u32(..5000)),
        };
        let busy = rng.u32(..=100);
        let cpu = percent * rng.u32(..=100);
        workers.1.push(WorkerTotals {
            jobs: then.jobs + rng.u64(..500),
            busy: then.busy + percent * busy,
            cpu: (number < 3).then(|| then.cpu.unwrap_or_default() + cpu),
        });
        workers.0.push(then);
    }
    let live = rng.u64(..5000);
    let bytes = Bytes {
        live,
        peak: live + rng.u64(..5000),
    };
    Totals {
        then: Snapshot {
            at: start + percent * 500,
            jobs: first,
            bytes: Bytes::default(),
            workers: workers.0,
        },
        now: Snapshot {
            at: start + percent * 600,
            jobs: second,
            bytes,
            workers: workers.1,
        },
    }
}

/// To whole percents, so that the order of operations does not matter.
fn rounded(share: f64) -> i64 {
    (share * 100.0).round() as i64
}

/// Two looks at the same moment. 0 divided by 0 is no number.
fn no_time_gives_no_share() {
    let (pool, clock) = pool(1);
    let _gate = gated(pool);
    clock.advance(Duration::from_secs(1));
    let usage = usage(pool, &snapshot(pool));
    let shares: Vec<f64> = usage
        .workers
        .iter()
        .flat_map(|worker| [worker.busy, worker.cpu.unwrap_or(0.0)])
        .collect();
    assert_same!(
        shares,
        vec![0.0, 0.0],
        "two snapshots at the same moment; the shares of `busy` and `cpu`"
    );
}

/// Nobody looks while the two jobs hold their bytes together.
fn a_peak_between_two_looks_is_seen() {
    let (pool, _) = pool(2);
    let before = snapshot(pool).bytes;
    for bytes in [1000, 500] {
        let gauge = pool.gauge();
        submit(pool, move || drop(gauge.hold(bytes)));
        settle();
    }
    let after_each = snapshot(pool).bytes;
    let gauge = pool.gauge();
    let held = [gauge.hold(2000), pool.gauge().hold(300)];
    drop(held);
    let kept = gauge.hold(70);
    let after_both = snapshot(pool).bytes;
    drop(kept);
    let at_the_end = snapshot(pool).bytes;
    let seen: Vec<_> = [before, after_each, after_both, at_the_end]
        .iter()
        .map(|bytes| (bytes.live, bytes.peak))
        .collect();
    assert_same!(
        seen,
        vec![(0, 0), (0, 1000), (70, 2300), (0, 2300)],
        "(live, peak) before, after 1000 and then 500 bytes were held, with 70 held after 2000 and 300 together, and at the end"
    );
}

fn held_bytes_come_back_after_a_panic() {
    let (pool, _) = pool(1);
    let gauge = pool.gauge();
    submit(pool, move || {
        let _held = gauge.hold(4096);
        panic!("this job panics with 4096 bytes in its hands");
    });
    settle();
    let bytes = snapshot(pool).bytes;
    assert!(
        (bytes.live, bytes.peak) == (0, 4096),
        "a job held 4096 bytes and panicked; afterwards {} were live, and the peak was {}",
        bytes.live,
        bytes.peak
    );
}

fn the_table_shows_the_period() {
    let (pool, clock) = pool(1);
    let gauge = pool.gauge();
    submit(pool, || ());
    settle();
    clock.advance(Duration::from_secs(90));
    let before = snapshot(pool);
    let held = gauge.hold(1 << 20);
    clock.advance(Duration::from_secs(600));
    let first = gated(pool);
    clock.advance(Duration::from_secs(150));
    drop(first);
    settle();
    drop(held);
    let _held = gauge.hold(4096);
    submit(pool, || panic!("this job panics"));
    settle();
    let second = gated(pool);
    let _third = gate_of(pool);
    clock.advance(Duration::from_secs(250));
    let table = usage(pool, &before).to_string();
    drop(second);
    // What the jobs of the check compute is next to nothing, where it is known at all.
    assert_snapshot!("table", table.replace("       -\n", "     0 %\n"));
}

/// A worker that asks again and again whether there is a job takes a whole processor.
fn an_idle_worker_sleeps() {
    let (pool, _) = pool(1);
    let (tx, rx) = mpsc::channel();
    submit(pool, move || {
        let _ = tx.send(CpuClock::of_this_thread());
    });
    let clock = receive(&rx);
    assert!(clock.is_some(), "one worker, and its first job was not run");
    let Some(Some(clock)) = clock else { return };
    settle();
    let before = clock.read();
    let used = || {
        let both = clock.read().zip(before);
        both.map_or(Duration::ZERO, |(now, then)| now.saturating_sub(then))
    };
    // A look at threads takes a while where one of them keeps running. On a busy machine
    // it may still be too short for that one to have had a turn, hence several.
    let busy = (0..6).any(|_| {
        settle();
        used() > Duration::from_millis(5)
    });
    assert!(
        !busy,
        "a worker without a job used the processor all the time"
    );
}

fn drop_finishes_the_queue_and_leaves_no_thread() {
    let threads = ThreadCount::start();
    let ran = Arc::new(AtomicUsize::new(0));
    let jobs = Arc::clone(&ran);
    let end = wt_check::spawn("owner", move || {
        let pool = Pool::new(2, Arc::new(FakeClock::new()));
        for _ in 0..50 {
            let ran = Arc::clone(&jobs);
            pool.submit(move || {
                let _ = ran.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    assert!(
        end.join_soon().is_ok(),
        "a pool was dropped with jobs in its queue, and the drop did not return"
    );
    let ran = ran.load(Ordering::SeqCst);
    assert!(
        ran == 50,
        "50 jobs were submitted and the pool was dropped; {ran} jobs ran"
    );
    let left = threads.left_behind().len();
    assert!(
        left == 0,
        "{left} threads of a dropped pool are still there"
    );
}

/// A pool that is never dropped: a worker that is stuck must not keep the check.
fn pool(workers: usize) -> (&'static Pool, FakeClock) {
    let clock = FakeClock::new();
    let pool = Pool::new(workers, Arc::new(clock.clone()));
    (Box::leak(Box::new(pool)), clock)
}

fn submit(pool: &'static Pool, job: impl FnOnce() + Send + 'static) {
    soon("`submit`", move || pool.submit(job));
}

fn snapshot(pool: &'static Pool) -> Snapshot {
    soon("`snapshot`", || pool.snapshot())
}

fn usage(pool: &'static Pool, since: &Snapshot) -> Usage {
    snapshot(pool).since(since)
}

fn jobs_of(pool: &'static Pool) -> [u64; 5] {
    let Jobs {
        submitted,
        done,
        failed,
        queued,
        running,
    } = snapshot(pool).jobs;
    [submitted, done, failed, queued, running]
}

fn percents(usage: &Usage) -> Vec<i64> {
    usage
        .workers
        .iter()
        .map(|worker| rounded(worker.busy))
        .collect()
}

/// Submits a job that waits at a gate; dropping the result opens it.
fn gate_of(pool: &'static Pool) -> Sender<()> {
    let (gate, wait) = mpsc::channel::<()>();
    submit(pool, move || {
        let _ = wait.recv();
    });
    gate
}

/// The same, and waits until a worker is in that job.
fn gated(pool: &'static Pool) -> Sender<()> {
    let (gate, wait) = mpsc::channel::<()>();
    let (inside, entered) = mpsc::channel();
    submit(pool, move || {
        let _ = inside.send(());
        let _ = wait.recv();
    });
    assert!(
        receive(&entered).is_some(),
        "a worker was free, and a job that was submitted was not begun"
    );
    settle();
    gate
}

/// What comes soon, or nothing. It asks again and again, so that the check never looks as if
/// it hung.
fn receive<T>(rx: &Receiver<T>) -> Option<T> {
    let mut got = None;
    wait_until(|| {
        got = rx.try_recv().ok();
        got.is_some()
    });
    got
}

/// Waits until every thread has done all it can do for now: the last one counts as
/// asleep only when all others sleep, too.
fn settle() {
    let (done, wait) = mpsc::channel::<()>();
    let last = wt_check::spawn("last", move || {
        let _ = wait.recv();
    });
    let activity = last.wait_asleep();
    drop(done);
    assert!(
        activity != Activity::Finished,
        "the check's own thread ended"
    );
    let _ = wait_until(|| last.is_finished());
}

/// Runs something that has no reason to wait.
fn soon<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    match wt_check::spawn("caller", f).join_soon() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} had no reason to wait, and did not return"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}
