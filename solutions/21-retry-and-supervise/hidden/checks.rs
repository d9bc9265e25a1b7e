//! Hidden checks of lesson 21: retry, supervision and a breaker.
//!
//! All time is a fake clock's: a wait of ten seconds takes none, and nothing happens at
//! a moment that the check has not made. Jobs report facts; every assertion runs on the
//! check's own thread. A supervisor is never dropped.

use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use retry_and_supervise::{Backoff, Breaker, BreakerState, Failure, Outcome, Settings, Supervisor};
use wt_check::{
    FakeClock, InFlight, Unjoined, assert_snapshot, check, observe, observed, patience, rng,
    settle, wait_until,
};

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(waits_double_up_to_the_cap => the_waits_of_the_brief),
        check!(a_job_is_tried_as_often_as_allowed),
        check!(what_cannot_succeed_is_not_tried_again),
        check!(a_retry_begins_at_its_time),
        check!(a_waiting_job_occupies_no_worker),
        observed!(every_job_has_one_outcome => the_outcome_of_every_job),
        check!(a_hung_job_is_abandoned_at_its_limit),
        check!(a_hung_worker_is_replaced),
        check!(a_worker_that_comes_back_is_sent_home),
        check!(a_late_result_changes_nothing),
        check!(replacements_keep_to_the_budget),
        check!(the_breaker_opens_and_closes),
        check!(one_caller_tries_whether_it_is_up_again),
        check!(calls_from_before_do_not_move_an_open_breaker),
    ])
}

const SECOND: Duration = Duration::from_secs(1);
const INSTANT: Duration = Duration::from_nanos(1);

/// Two jobs, so that the waits of one are not the waits of all.
fn waits_double_up_to_the_cap() {
    let (backoff, numbers) = random_backoff();
    for job in [0, 7] {
        for attempt in ATTEMPTS {
            let wait = backoff.delay(job, attempt).as_nanos();
            observe(&delay_of(job, attempt, numbers), wait);
        }
    }
}

fn delay_of(job: u64, attempt: u32, [base, cap, seed]: [u64; 3]) -> String {
    let nth = match attempt {
        1 => "first",
        2 => "second",
        3 => "third",
        _ => "later",
    };
    let whose = if job == 0 {
        "the first job"
    } else {
        "another job"
    };
    format!(
        "`delay({job}, {attempt})`, a {nth} attempt of {whose}, with base {base} ns, cap {cap} ns and seed {seed},"
    )
}

const ATTEMPTS: [u32; 9] = [1, 2, 3, 4, 5, 6, 30, 100, u32::MAX];

fn the_waits_of_the_brief() {
    let (_, numbers) = random_backoff();
    let [base, cap, seed] = numbers;
    for job in [0, 7] {
        for attempt in ATTEMPTS {
            let doublings = (attempt - 1).min(60);
            let full = (u128::from(base) << doublings).min(u128::from(cap));
            let half = full / 2;
            let wait = half + u128::from(noise(seed, job, attempt)) % (half + 1);
            observe(&delay_of(job, attempt, numbers), wait);
        }
    }
}

/// A base of about 0.1 s, a cap of some seconds, and a seed.
fn random_backoff() -> (Backoff, [u64; 3]) {
    let mut rng = rng();
    let numbers = [
        rng.u64(100_000_000..200_000_000),
        rng.u64(2_000_000_000..3_000_000_000),
        rng.u64(..),
    ];
    let [base, cap, seed] = numbers;
    let (base, cap) = (Duration::from_nanos(base), Duration::from_nanos(cap));
    (Backoff { base, cap, seed }, numbers)
}

/// As in the starter.
fn noise(seed: u64, job: u64, attempt: u32) -> u64 {
    let mut bits = seed ^ job.rotate_left(32) ^ u64::from(attempt);
    for factor in [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9] {
        bits = (bits ^ (bits >> 30)).wrapping_mul(factor);
    }
    bits ^ (bits >> 31)
}

/// The job would fail for ever.
fn a_job_is_tried_as_often_as_allowed() {
    let pool = Pool::new(1);
    let runs = Runs::default();
    let job = pool.submit(&runs, |_| Err(Failure::Transient("no answer".into())));
    pool.drive(|| pool.outcome(job).is_some() || runs.count() > 4);
    let tried = runs.count();
    assert!(
        tried == 4,
        "4 attempts were allowed, and a job that always fails was tried {tried} times"
    );
    let outcome = pool.outcome(job);
    let expected = Outcome::Failed {
        attempts: 4,
        why: "no answer".into(),
    };
    assert!(
        outcome == Some(expected),
        "a job failed in all of its 4 attempts, and its outcome was {}",
        told(outcome.as_ref())
    );
}

/// Once at the first attempt, once at the second.
fn what_cannot_succeed_is_not_tried_again() {
    for last in [1, 2] {
        let pool = Pool::new(1);
        let runs = Runs::default();
        let job = pool.submit(&runs, move |attempt| {
            let why = String::from("no such file");
            Err(if attempt < last {
                Failure::Transient(why)
            } else {
                Failure::Permanent(why)
            })
        });
        pool.drive(|| pool.outcome(job).is_some() || runs.count() > last);
        let tried = runs.count();
        assert!(
            tried == last,
            "attempt {last} failed for good, and the job was tried {tried} times"
        );
        let outcome = told(pool.outcome(job).as_ref());
        let expected = format!("Failed after {last}: no such file");
        assert!(
            outcome == expected,
            "attempt {last} failed for good, and the outcome was {outcome}"
        );
    }
}

/// To the nanosecond. How long the wait is, is the first check's question.
fn a_retry_begins_at_its_time() {
    let pool = Pool::new(1);
    let wait = BACKOFF.delay(0, 1);
    let runs = Runs::default();
    pool.submit(&runs, |_| Err(Failure::Transient("not yet".into())));
    wait_until(|| runs.count() > 0);
    settle();
    pool.pass(wait.saturating_sub(INSTANT));
    settle();
    let tried = runs.count();
    assert!(
        tried == 1,
        "a job failed, and was tried again before its wait was over"
    );
    pool.pass(INSTANT);
    assert!(
        wait_until(|| runs.count() == 2),
        "a job failed, and was not tried again when its wait was over and `tick` was called"
    );
}

/// One worker, and no time passes.
fn a_waiting_job_occupies_no_worker() {
    let pool = Pool::new(1);
    let (first, second) = (Runs::default(), Runs::default());
    pool.submit(&first, |_| Err(Failure::Transient("not yet".into())));
    wait_until(|| first.count() > 0);
    settle();
    pool.submit(&second, |_| Ok(()));
    assert!(
        wait_until(|| second.count() == 1),
        "one job waited for its second attempt, and another one was not run meanwhile by the only worker"
    );
}

const JOBS: usize = 60;

/// All fail at least once before any time passes, some by a panic, and all succeed in
/// the end. Their waits are so short that many are over at the same moment.
fn every_job_has_one_outcome() {
    let pool = Pool::with(Settings {
        backoff: Backoff {
            base: 2 * INSTANT,
            cap: 2 * INSTANT,
            seed: 1,
        },
        ..settings(3)
    });
    let plans = plans();
    let jobs: Vec<(u64, Runs)> = plans
        .iter()
        .map(|plan| {
            let (runs, plan) = (Runs::default(), *plan);
            (pool.submit(&runs, move |attempt| plan.run(attempt)), runs)
        })
        .collect();
    wait_until(|| jobs.iter().all(|(_, runs)| runs.count() > 0));
    let ended = || {
        let ended = |job: &&(u64, Runs)| pool.outcome(job.0).is_some();
        jobs.iter().filter(ended).count()
    };
    pool.drive(|| ended() == JOBS);
    let ended = ended();
    assert!(
        ended == JOBS,
        "{JOBS} jobs were submitted, each of which succeeds at last, and {ended} of them have an outcome"
    );
    let outcomes = jobs.iter();
    observe(
        "the list of runs and outcomes",
        outcomes
            .map(|(job, runs)| (runs.count(), told(pool.outcome(*job).as_ref())))
            .collect::<Vec<_>>(),
    );
}

fn the_outcome_of_every_job() {
    let outcomes: Vec<(u32, String)> = plans()
        .iter()
        .map(|plan| (plan.good, format!("Done after {}", plan.good)))
        .collect();
    observe("the list of runs and outcomes", outcomes);
}

/// The attempt that succeeds, and whether the others panic.
#[derive(Clone, Copy)]
struct Plan {
    good: u32,
    panics: bool,
}

impl Plan {
    fn run(self, attempt: u32) -> Result<(), Failure> {
        if attempt >= self.good {
            return Ok(());
        }
        if self.panics {
            // Without the hook, which would print each of them.
            resume_unwind(Box::new("on purpose"));
        }
        Err(Failure::Transient("not yet".into()))
    }
}

fn plans() -> Vec<Plan> {
    let mut rng = rng();
    let mut plan = || Plan {
        good: rng.u32(2..=4),
        panics: rng.bool(),
    };
    (0..JOBS).map(|_| plan()).collect()
}

/// To the nanosecond.
fn a_hung_job_is_abandoned_at_its_limit() {
    let pool = Pool::new(1);
    let job = pool.hang(&Gate::default());
    pool.pass(LIMIT - INSTANT);
    let outcome = pool.outcome(job);
    assert!(
        outcome.is_none(),
        "an attempt had run for less than its time limit, and its outcome was {}",
        told(outcome.as_ref())
    );
    pool.pass(INSTANT);
    let outcome = told(pool.outcome(job).as_ref());
    assert!(
        outcome == "Abandoned after 1",
        "an attempt had run for its time limit when `tick` was called, and its outcome was {outcome}"
    );
}

fn a_hung_worker_is_replaced() {
    let pool = Pool::new(2);
    pool.hang(&Gate::default());
    pool.hang(&Gate::default());
    pool.pass(LIMIT);
    let crew = pool.workers();
    assert!(
        crew == 2,
        "both of 2 workers were abandoned, the budget allowed to replace them, and the crew had {crew}"
    );
    let running = pool.how_many_run(4);
    assert!(
        running == 2,
        "both of 2 workers were replaced, and {running} of 4 jobs ran at the same time"
    );
}

/// Two hung jobs end after all. Their workers have successors.
fn a_worker_that_comes_back_is_sent_home() {
    let pool = Pool::new(2);
    let gate = Gate::default();
    pool.hang(&gate);
    pool.hang(&gate);
    pool.pass(LIMIT);
    gate.open();
    settle();
    let running = pool.how_many_run(6);
    assert!(
        running <= 2,
        "2 workers were abandoned and came back later; then the pool of 2 ran {running} jobs at the same time"
    );
}

/// One abandoned attempt succeeds in the end, one fails.
fn a_late_result_changes_nothing() {
    let results: [fn() -> Result<(), Failure>; 2] =
        [|| Ok(()), || Err(Failure::Transient("too late".into()))];
    for result in results {
        let pool = Pool::new(1);
        let (gate, runs) = (Gate::default(), Runs::default());
        let held = gate.clone();
        let job = pool.submit(&runs, move |_| {
            held.pass();
            result()
        });
        gate.wait_for_a_job();
        pool.pass(LIMIT);
        gate.open();
        settle();
        pool.pass(60 * SECOND);
        settle();
        pool.pass(60 * SECOND);
        settle();
        let outcome = told(pool.outcome(job).as_ref());
        let late = result().map_or("failed", |()| "succeeded");
        assert!(
            outcome == "Abandoned after 1",
            "an abandoned attempt {late} later, and the outcome of its job was {outcome}"
        );
        let tried = runs.count();
        assert!(
            tried == 1,
            "an abandoned attempt {late} later, and its job was tried {tried} times"
        );
    }
}

/// Three workers hang, two may be replaced in a minute.
fn replacements_keep_to_the_budget() {
    let pool = Pool::with(Settings {
        restarts: 2,
        per: 60 * SECOND,
        ..settings(3)
    });
    for _ in 0..3 {
        pool.hang(&Gate::default());
    }
    let crew_after = |time: Duration| {
        pool.pass(time);
        pool.workers()
    };
    let told = "all of 3 workers were abandoned, and 2 may be replaced in 60 s";
    let crew = crew_after(LIMIT);
    assert!(crew == 2, "{told}: the crew had {crew}");
    let crew = crew_after(60 * SECOND - INSTANT);
    assert!(
        crew == 2,
        "{told}: before the 60 s were over the crew had {crew}"
    );
    let crew = crew_after(INSTANT);
    assert!(
        crew == 3,
        "{told}: when the 60 s were over the crew had {crew}"
    );
}

/// A threshold of 3 and a cooldown of 30 s. Nobody asks twice for the one call, and no
/// result comes while it is open.
fn the_breaker_opens_and_closes() {
    let clock = FakeClock::new();
    let breaker = Breaker::new(3, 30 * SECOND, Arc::new(clock.clone()));
    let mut log = vec![format!("threshold 3, cooldown 30 s: {}", place(&breaker))];
    let mut note = |event: &str, answer: String| {
        log.push(format!("{event:<16}{answer:<6}{}", place(&breaker)));
    };
    for event in [
        "failed",
        "failed",
        "succeeded",
        "failed",
        "failed",
        "allow?",
        "failed",
        "allow?",
        "+ 29 s",
        "allow?",
        "+ 1 s",
        "allow?",
        "failed",
        "+ 29 s",
        "allow?",
        "+ 1 s",
        "allow?",
        "succeeded",
        "allow?",
        "failed",
        "failed",
        "allow?",
    ] {
        match event {
            "allow?" => note(
                event,
                String::from(if breaker.allow() { "yes" } else { "no" }),
            ),
            "+ 29 s" => note(event, (clock.advance(29 * SECOND), String::new()).1),
            "+ 1 s" => note(event, (clock.advance(SECOND), String::new()).1),
            _ => note(
                event,
                (breaker.record(event == "succeeded"), String::new()).1,
            ),
        }
    }
    assert_snapshot!("breaker", log.join("\n"));
}

fn place(breaker: &Breaker) -> String {
    match breaker.state() {
        BreakerState::Closed { failures } => format!("closed, {failures} in a row"),
        BreakerState::Open { .. } => String::from("open"),
        BreakerState::HalfOpen => String::from("half-open"),
    }
}

/// Eight threads ask when the cooldown is over.
fn one_caller_tries_whether_it_is_up_again() {
    let clock = FakeClock::new();
    let breaker = Arc::new(Breaker::new(1, 30 * SECOND, Arc::new(clock.clone())));
    breaker.record(false);
    clock.advance(30 * SECOND);
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let breaker = Arc::clone(&breaker);
            wt_check::spawn("caller", move || breaker.allow())
        })
        .collect();
    let answers: Vec<_> = callers
        .into_iter()
        .map(wt_check::Watched::join_soon)
        .collect();
    if let Some(Err(Unjoined::Panicked(message))) = answers.iter().find(|answer| answer.is_err()) {
        panic!("`allow` panicked: {message}");
    }
    let through = answers.iter().filter(|answer| **answer == Ok(true)).count();
    assert!(
        through == 1,
        "the cooldown was over, and {through} of 8 callers were let through to try"
    );
}

/// Three calls were on their way when the first of them opened the breaker.
fn calls_from_before_do_not_move_an_open_breaker() {
    for ok in [true, false] {
        let clock = FakeClock::new();
        let breaker = Breaker::new(1, 30 * SECOND, Arc::new(clock.clone()));
        breaker.record(false);
        clock.advance(20 * SECOND);
        breaker.record(ok);
        let late = if ok { "success" } else { "failure" };
        let place = place(&breaker);
        assert!(
            place == "open",
            "a {late} of a call from before came to an open breaker, and then it was {place}"
        );
        clock.advance(10 * SECOND);
        assert!(
            breaker.allow(),
            "a {late} of a call from before came to an open breaker, and its cooldown began anew"
        );
    }
}

const LIMIT: Duration = Duration::from_secs(5);
const BACKOFF: Backoff = Backoff {
    base: Duration::from_millis(100),
    cap: Duration::from_secs(2),
    seed: 42,
};

/// Room for every replacement, unless the check is about that.
fn settings(workers: usize) -> Settings {
    Settings {
        workers,
        attempts: 4,
        backoff: BACKOFF,
        time_limit: LIMIT,
        restarts: 100,
        per: SECOND,
    }
}

/// A supervisor and its clock.
struct Pool {
    supervisor: &'static Supervisor,
    clock: FakeClock,
}

impl Pool {
    fn new(workers: usize) -> Pool {
        Pool::with(settings(workers))
    }

    fn with(settings: Settings) -> Pool {
        let clock = FakeClock::new();
        let supervisor = Supervisor::new(settings, Arc::new(clock.clone()));
        Pool {
            supervisor: Box::leak(Box::new(supervisor)),
            clock,
        }
    }

    /// A job that counts how often it is tried.
    fn submit(
        &self,
        runs: &Runs,
        run: impl Fn(u32) -> Result<(), Failure> + Send + Sync + 'static,
    ) -> u64 {
        let runs = runs.clone();
        self.supervisor.submit(move |attempt| {
            runs.0.fetch_add(1, Ordering::SeqCst);
            run(attempt)
        })
    }

    /// A job that runs until the gate is opened, and has begun.
    fn hang(&self, gate: &Gate) -> u64 {
        let held = gate.clone();
        let before = gate.held.now();
        let job = self.supervisor.submit(move |_| {
            held.pass();
            Ok(())
        });
        assert!(
            wait_until(|| gate.held.now() > before),
            "a job was submitted to a free worker and did not start"
        );
        job
    }

    /// Lets so much time pass, and ticks.
    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.supervisor.tick();
    }

    /// Lets time pass, but never while a job runs, until something has happened.
    fn drive(&self, done: impl Fn() -> bool) {
        wait_until(|| {
            if done() {
                return true;
            }
            if self.supervisor.running().is_empty() {
                self.clock.advance(SECOND);
            }
            self.supervisor.tick();
            false
        });
    }

    /// How many of so many new jobs run at the same time, once everybody has done all
    /// he can.
    fn how_many_run(&self, jobs: usize) -> usize {
        let gate = Gate::default();
        for _ in 0..jobs {
            let held = gate.clone();
            self.supervisor.submit(move |_| {
                held.pass();
                Ok(())
            });
        }
        settle();
        gate.held.now()
    }

    fn outcome(&self, job: u64) -> Option<Outcome> {
        self.supervisor.outcome(job)
    }

    fn workers(&self) -> usize {
        self.supervisor.workers()
    }
}

/// How often a job was tried.
#[derive(Clone, Default)]
struct Runs(Arc<AtomicU32>);

impl Runs {
    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

/// An outcome in words of std types.
fn told(outcome: Option<&Outcome>) -> String {
    match outcome {
        None => String::from("none yet"),
        Some(Outcome::Done { attempts }) => format!("Done after {attempts}"),
        Some(Outcome::Failed { attempts, why }) => format!("Failed after {attempts}: {why}"),
        Some(Outcome::Abandoned { attempts }) => format!("Abandoned after {attempts}"),
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
