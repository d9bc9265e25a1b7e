//! Hidden checks of lesson 05: how many workers, and when.
//!
//! The two choices are compared outside of the checked process, for random input. The
//! pool's threads are counted by the kernel, and time is a fake clock's. A pool that a
//! check does not drop on purpose is never dropped.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use pool_sizing::{ElasticPool, Limits, Profile, Row, by_formula, by_table};
use wt_check::{
    FakeClock, InFlight, ThreadCount, Unjoined, check, observe, observed, patience, rng, settle,
    wait_until,
};

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(the_formula_fits_the_profile => cores_times_whole_by_compute),
        observed!(the_table_says_what_is_enough => the_smallest_at_95_percent),
        check!(no_thread_before_the_first_job),
        check!(an_idle_worker_takes_the_next_job),
        check!(a_job_that_no_idle_worker_can_take_starts_one),
        check!(never_more_than_max),
        check!(idle_workers_are_retired_at_their_time),
        check!(those_idle_longest_go_first_and_min_stay),
        check!(a_busy_worker_is_not_retired),
        check!(drop_finishes_the_queue),
    ])
}

fn the_formula_fits_the_profile() {
    for profile in profiles() {
        let [cores, compute, wait, most] = profile;
        let time = Profile {
            compute: Duration::from_nanos(compute),
            wait: Duration::from_nanos(wait),
        };
        let workers = by_formula(cores as usize, time, most as usize);
        observe(&formula_of(profile), workers);
    }
}

fn cores_times_whole_by_compute() {
    for profile in profiles() {
        let [cores, compute, wait, most] = profile;
        let enough = (1..most).find(|workers| workers * compute >= cores * (compute + wait));
        observe(&formula_of(profile), enough.unwrap_or(most));
    }
}

fn formula_of([cores, compute, wait, most]: [u64; 4]) -> String {
    let (compute, wait) = (Duration::from_nanos(compute), Duration::from_nanos(wait));
    format!("`by_formula` of {cores} cores, compute {compute:?}, wait {wait:?}, at most {most},")
}

/// Cores, nanoseconds of computing and of waiting, and the most workers that may be.
fn profiles() -> Vec<[u64; 4]> {
    const MS: u64 = 1_000_000;
    let mut rng = rng();
    let mut profiles = vec![
        [4, 10 * MS, 0, 64],
        [4, 10 * MS, 30 * MS, 64],
        [1, 10 * MS, 10 * MS + 1, 64],
        [2, 10 * MS, 990 * MS, 64],
        [8, 0, 5 * MS, 40],
    ];
    profiles.extend((0..10).map(|_| {
        let compute = rng.u64(MS..20 * MS);
        [rng.u64(1..=16), compute, rng.u64(..100 * MS), 500]
    }));
    profiles
}

fn the_table_says_what_is_enough() {
    for table in tables() {
        observe(&choice_of(&table), by_table(&table));
    }
}

fn the_smallest_at_95_percent() {
    for table in tables() {
        let best = table.iter().map(|row| row.jobs_per_second).max();
        let enough = table
            .iter()
            .filter(|row| Some(row.jobs_per_second * 20) >= best.map(|best| best * 19));
        let smallest = enough.map(|row| row.workers).min();
        observe(&choice_of(&table), smallest);
    }
}

fn choice_of(table: &[Row]) -> String {
    let rows = table.iter();
    let rows = rows.map(|row| format!("{} workers {}/s", row.workers, row.jobs_per_second));
    let rows = rows.collect::<Vec<_>>().join(", ");
    format!("`by_table` of ({rows})")
}

/// Nothing measured; exactly 95 %, and just below; a plateau with noise on it; a peak
/// after which more workers do less; and rows in no order.
fn tables() -> Vec<Vec<Row>> {
    let table = |rates: &[u64]| {
        let rows = rates.iter().enumerate();
        rows.map(|(n, rate)| Row {
            workers: 1 << n,
            jobs_per_second: *rate,
        })
        .collect::<Vec<_>>()
    };
    let mut tables = vec![
        table(&[]),
        table(&[700]),
        table(&[100, 200, 390, 402, 401, 404, 398]),
        table(&[500, 950, 1000]),
        table(&[500, 949, 1000]),
        table(&[300, 580, 610, 600, 420, 200]),
        table(&[100, 103, 400, 800, 820]),
    ];
    let mut rng = rng();
    for _ in 0..8 {
        let full = rng.u64(10_000..20_000);
        let rates: Vec<u64> = (0..8)
            .map(|n| full - full / (1 + (1 << n)) + rng.u64(..200))
            .collect();
        let mut rows = table(&rates);
        rng.shuffle(&mut rows);
        tables.push(rows);
    }
    tables
}

fn no_thread_before_the_first_job() {
    let threads = ThreadCount::start();
    let pool = Pool::new(2, 4);
    settle();
    let (extra, workers) = (threads.extra(), pool.workers());
    assert!(
        (extra, workers) == (0, 0),
        "a pool that has never had a job has {extra} threads, and `workers` says {workers}"
    );
    pool.run(1);
    let workers = pool.workers();
    assert!(
        workers == 1,
        "after the first job the pool has {workers} workers"
    );
}

/// Twenty jobs, each when the one before has ended and its worker is idle.
fn an_idle_worker_takes_the_next_job() {
    let threads = ThreadCount::start();
    let pool = Pool::new(0, 4);
    for _ in 0..20 {
        pool.run(1);
    }
    let (extra, workers) = (threads.extra(), pool.workers());
    assert!(
        (extra, workers) == (1, 1),
        "20 jobs came one after the other, and each found an idle worker but the first; the pool has {extra} threads, and `workers` says {workers}"
    );
}

/// Four workers are idle, and eight jobs come in one burst: so fast that, at the last of
/// them, somebody who was woken for the first is still in the list of the idle ones. If
/// not, the machine was busy, or the pool strikes off whom it has woken; another pool
/// tries it again, while there is time.
fn a_job_that_no_idle_worker_can_take_starts_one() {
    let begun = Instant::now();
    for _ in 0..10 {
        let pool = Pool::new(0, 8);
        let first = pool.at_the_same_time(4);
        assert!(
            first == 4,
            "4 jobs came to a pool without a worker, and {first} of them ran at the same time; 8 workers are allowed"
        );
        pool.wait_until_idle(4);
        let gate = Gate::default();
        let mut idle = 0;
        for _ in 0..8 {
            let held = gate.clone();
            idle = pool.pool.idle();
            pool.execute(move || held.pass());
        }
        settle();
        let burst = gate.held.now();
        gate.open();
        assert!(
            burst == 8,
            "8 jobs came in a burst while 4 workers were idle, and {burst} of them ran at the same time; 8 workers are allowed"
        );
        if idle > 0 || begun.elapsed() > patience() / 4 {
            return;
        }
    }
}

fn never_more_than_max() {
    let threads = ThreadCount::start();
    let pool = Pool::new(0, 3);
    let gate = Gate::default();
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..20 {
        let (held, ran) = (gate.clone(), Arc::clone(&ran));
        pool.execute(move || {
            held.pass();
            ran.fetch_add(1, Ordering::SeqCst);
        });
    }
    settle();
    let (extra, running) = (threads.extra(), gate.held.now());
    gate.open();
    assert!(
        extra <= 3,
        "20 jobs came to a pool of at most 3 workers, and it had {extra} threads"
    );
    assert!(
        running == 3,
        "20 jobs came to a pool of at most 3 workers, and {running} of them ran at the same time"
    );
    wait_until(|| ran.load(Ordering::SeqCst) == 20);
    let ran = ran.load(Ordering::SeqCst);
    assert!(
        ran == 20,
        "20 jobs came to a pool of at most 3 workers, and {ran} of them ran"
    );
}

/// To the nanosecond; and somebody looks after half of the time, too.
fn idle_workers_are_retired_at_their_time() {
    let threads = ThreadCount::start();
    let pool = Pool::new(0, 4);
    pool.at_the_same_time(3);
    pool.wait_until_idle(3);
    for time in [KEEP_ALIVE / 2, KEEP_ALIVE / 2 - NANO] {
        pool.pass(time);
        settle();
        let workers = pool.workers();
        assert!(
            workers == 3,
            "3 workers had been idle for less than the time, and {workers} of them were left"
        );
    }
    pool.pass(NANO);
    let workers = pool.workers();
    assert!(
        workers == 0,
        "3 workers had been idle for the time, `retire_idle` was called, and {workers} of them were left"
    );
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "3 workers were retired, and {} of their threads live on: {}",
        left.len(),
        left.join(", ")
    );
    let again = pool.at_the_same_time(2);
    assert!(
        again == 2,
        "all workers were retired, then 2 jobs came, and {again} of them ran"
    );
}

/// Three workers become idle at three moments, a third of the time apart. Who is left is
/// seen by when the next one goes.
fn those_idle_longest_go_first_and_min_stay() {
    let pool = Pool::new(1, 4);
    settle();
    let gates = [(); 3].map(|()| Gate::default());
    for gate in &gates {
        let held = gate.clone();
        pool.execute(move || held.pass());
        gate.wait_for_a_job();
    }
    for (n, gate) in gates.iter().enumerate() {
        gate.open();
        pool.wait_until_idle(n + 1);
        pool.pass(KEEP_ALIVE / 3);
    }
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(pool.workers());
        pool.pass(KEEP_ALIVE / 3);
    }
    assert!(
        seen == [2, 1, 1, 1],
        "3 workers became idle one after the other, and at least 1 must stay; each time that the time of one was over, so many were left: {seen:?}"
    );
}

/// Its job takes ten times as long as an idle worker may live.
fn a_busy_worker_is_not_retired() {
    let pool = Pool::new(0, 2);
    let gate = Gate::default();
    let held = gate.clone();
    pool.execute(move || held.pass());
    gate.wait_for_a_job();
    pool.pass(10 * KEEP_ALIVE);
    let workers = pool.workers();
    assert!(
        workers == 1,
        "the only worker was busy with a long job, `retire_idle` was called, and `workers` says {workers}"
    );
    gate.open();
    pool.wait_until_idle(1);
    pool.pass(KEEP_ALIVE - NANO);
    let workers = pool.workers();
    assert!(
        workers == 1,
        "a worker had ended a long job and been idle for less than the time, `retire_idle` was called, and `workers` says {workers}"
    );
}

/// Both workers are busy, and ten jobs wait.
fn drop_finishes_the_queue() {
    let threads = ThreadCount::start();
    let pool = ElasticPool::new(limits(0, 2), Arc::new(FakeClock::new()));
    let gate = Gate::default();
    let ran = Arc::new(AtomicUsize::new(0));
    for n in 0..12 {
        let (held, ran) = (gate.clone(), Arc::clone(&ran));
        pool.execute(move || {
            if n < 2 {
                held.pass();
            }
            ran.fetch_add(1, Ordering::SeqCst);
        });
    }
    wait_until(|| gate.held.now() == 2);
    let dropper = wt_check::spawn("dropper", move || drop(pool));
    let _ = dropper.wait_asleep();
    gate.open();
    match dropper.join_soon() {
        Ok(()) => {}
        Err(Unjoined::StillRunning) => panic!("`drop` did not return"),
        Err(Unjoined::Panicked(message)) => panic!("`drop` panicked: {message}"),
    }
    let ran = ran.load(Ordering::SeqCst);
    assert!(
        ran == 12,
        "10 jobs waited when the pool was dropped, and {} of them never ran",
        12 - ran
    );
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "{} threads outlived their pool: {}",
        left.len(),
        left.join(", ")
    );
}

const NANO: Duration = Duration::from_nanos(1);
const KEEP_ALIVE: Duration = Duration::from_secs(60);

fn limits(min: usize, max: usize) -> Limits {
    Limits {
        min,
        max,
        keep_alive: KEEP_ALIVE,
    }
}

/// A pool and its clock.
struct Pool {
    pool: &'static ElasticPool,
    clock: FakeClock,
}

impl Pool {
    fn new(min: usize, max: usize) -> Pool {
        let clock = FakeClock::new();
        let pool = ElasticPool::new(limits(min, max), Arc::new(clock.clone()));
        Pool {
            pool: Box::leak(Box::new(pool)),
            clock,
        }
    }

    fn execute(&self, job: impl FnOnce() + Send + 'static) {
        self.pool.execute(job);
    }

    /// Runs a job, and waits until so many workers are idle.
    fn run(&self, idle: usize) {
        let ran = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&ran);
        self.execute(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        assert!(
            wait_until(|| ran.load(Ordering::SeqCst) == 1),
            "a job was queued and did not run"
        );
        self.wait_until_idle(idle);
    }

    /// How many of so many new jobs run at the same time, once everybody has done all he
    /// can. Then lets them end.
    fn at_the_same_time(&self, jobs: usize) -> usize {
        let gate = Gate::default();
        for _ in 0..jobs {
            let held = gate.clone();
            self.execute(move || held.pass());
        }
        settle();
        let running = gate.held.now();
        gate.open();
        running
    }

    /// Whether it came to that is for the check to see.
    fn wait_until_idle(&self, workers: usize) {
        wait_until(|| self.pool.idle() >= workers);
    }

    /// Lets so much time pass, and has the idle ones retired.
    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        let pool = self.pool;
        match wt_check::spawn("retirer", || pool.retire_idle()).join_soon() {
            Ok(()) => {}
            Err(Unjoined::StillRunning) => panic!("`retire_idle` did not return"),
            Err(Unjoined::Panicked(message)) => panic!("`retire_idle` panicked: {message}"),
        }
    }

    fn workers(&self) -> usize {
        self.pool.workers()
    }
}

/// Holds jobs back until it is opened, or until a failed check is long over.
#[derive(Clone, Default)]
struct Gate {
    state: Arc<(Mutex<bool>, Condvar)>,
    held: InFlight,
}

impl Gate {
    fn pass(&self) {
        let _held = self.held.enter();
        let (open, opened) = &*self.state;
        let closed = open.lock().unwrap();
        drop(opened.wait_timeout_while(closed, patience() * 4, |open| !*open));
    }

    fn wait_for_a_job(&self) {
        wait_until(|| self.held.now() > 0);
    }

    fn open(&self) {
        let (open, opened) = &*self.state;
        *open.lock().unwrap() = true;
        opened.notify_all();
    }
}
