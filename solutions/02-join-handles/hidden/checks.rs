//! Hidden checks of lesson 02: a pool whose jobs answer.
//!
//! Jobs only report facts; every assertion runs on the check's own thread. Whatever
//! may wait runs on a watched thread, so that a wait without an end is told in words.
//! Unless a check is about another thread, the one that submits a job also joins it.
//! A pool that a check does not drop on purpose is never dropped.

use std::any::Any;
use std::collections::HashSet;
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};

use join_handles::{JoinHandle, Pool, SubmitError};
use wt_check::{
    Activity, InFlight, Rendezvous, ThreadCount, Unjoined, Watched, assert_snapshot, check,
    observe, observed, patience, rng, wait_until,
};

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(a_handle_gives_its_jobs_value => the_value_of_every_job),
        check!(jobs_run_on_at_most_n_threads),
        check!(join_waits_for_its_own_job_only),
        check!(join_sleeps_until_the_job_ends),
        check!(join_works_on_another_thread),
        check!(a_panic_reaches_its_handle_whole),
        check!(a_thousand_panics_leave_n_workers),
        check!(an_unjoined_handle_holds_up_nobody),
        check!(a_dropped_handle_changes_nothing),
        check!(shutdown_runs_what_is_queued),
        check!(a_handle_outlives_its_pool),
        check!(a_late_submit_hands_the_job_back),
    ])
}

/// Results of two types, joined in the opposite order: whoever hands out results in
/// the order in which jobs end hands them to the wrong handles.
fn a_handle_gives_its_jobs_value() {
    let pool = immortal(pool(4));
    let (numbers, texts) = soon("`submit` and `join` of 64 short jobs", move || {
        let handles: Vec<_> = inputs()
            .into_iter()
            .map(|n| {
                let number = submit(pool, move || number(n));
                (number, submit(pool, move || text(n)))
            })
            .collect();
        let joined = handles.into_iter().rev();
        joined
            .map(|(number, text)| (number.join().ok(), text.join().ok()))
            .collect::<(Vec<_>, Vec<_>)>()
    });
    observe("the list of numbers", numbers);
    observe("the list of texts", texts);
}

fn the_value_of_every_job() {
    let inputs = || inputs().into_iter().rev();
    observe(
        "the list of numbers",
        inputs().map(|n| Some(number(n))).collect::<Vec<_>>(),
    );
    observe(
        "the list of texts",
        inputs().map(|n| Some(text(n))).collect::<Vec<_>>(),
    );
}

fn inputs() -> Vec<u64> {
    let mut rng = rng();
    (0..32).map(|_| rng.u64(..)).collect()
}

fn number(n: u64) -> u64 {
    n.rotate_left(7)
}

fn text(n: u64) -> String {
    format!("{n:x}")
}

/// Thread ids are never used twice in one process, so 200 jobs on a pool of 4 show
/// at most 4 of them, however short the jobs are.
fn jobs_run_on_at_most_n_threads() {
    let pool = immortal(pool(4));
    let (threads, caller) = soon("`submit` and `join` of 200 short jobs", move || {
        let mut threads = HashSet::<ThreadId>::new();
        for _ in 0..10 {
            let ids = || thread::current().id();
            let handles: Vec<_> = (0..20).map(|_| submit(pool, ids)).collect();
            threads.extend(handles.into_iter().filter_map(|handle| handle.join().ok()));
        }
        (threads, thread::current().id())
    });
    assert!(
        !threads.contains(&caller),
        "a job ran on the thread that called `submit` and `join`, not on a worker"
    );
    let used = threads.len();
    assert!(
        (1..=4).contains(&used),
        "a pool of 4 workers ran 200 jobs on {used} different threads"
    );
}

/// One worker, a short job, and behind it one that cannot end yet.
fn join_waits_for_its_own_job_only() {
    let pool = immortal(pool(1));
    let gate = Gate::default();
    let held = gate.clone();
    let caller = wt_check::spawn("caller", move || {
        let short = submit(pool, || 42);
        let long = submit(pool, move || held.pass());
        (short.join().ok(), long)
    });
    let answer = caller.join_soon().map(|(value, long)| {
        // What dropping a handle does is another check's question.
        std::mem::forget(long);
        value
    });
    gate.open();
    match answer {
        Ok(value) => assert!(
            value == Some(42),
            "`join` of a job that returned 42 gave {value:?}"
        ),
        Err(Unjoined::StillRunning) => {
            panic!("`join` of a job that had ended did not return while another job was running")
        }
        Err(Unjoined::Panicked(message)) => panic!("`submit` or `join` panicked: {message}"),
    }
}

fn join_sleeps_until_the_job_ends() {
    let pool = immortal(pool(1));
    let gate = Gate::default();
    let held = gate.clone();
    let caller = wt_check::spawn("caller", move || submit(pool, held.job(7)).join().ok());
    let activity = caller.wait_asleep();
    assert!(
        activity != Activity::Finished,
        "`join` returned while its job was still running"
    );
    assert!(
        activity != Activity::Running,
        "`join` kept running instead of sleeping until its job had ended"
    );
    gate.open();
    joined_in_time(
        caller,
        "`join` slept, and was not woken when its job had ended",
    );
}

/// The thread that submitted the job is long gone when another one waits for it.
fn join_works_on_another_thread() {
    let pool = immortal(pool(1));
    let gate = Gate::default();
    let held = gate.clone();
    let handle = soon("`submit`", move || submit(pool, held.job(7)));
    let joiner = wt_check::spawn("joiner", move || handle.join().ok());
    let _ = joiner.wait_asleep();
    gate.open();
    joined_in_time(
        joiner,
        "a thread that had not submitted the job waited in `join`, and was not woken when the job had ended",
    );
}

fn joined_in_time(waiting: Watched<Option<i32>>, late: &str) {
    match waiting.join_soon() {
        Ok(value) => assert!(
            value == Some(7),
            "`join` of a job that returned 7 gave {value:?}"
        ),
        Err(Unjoined::StillRunning) => panic!("{late}"),
        Err(Unjoined::Panicked(message)) => panic!("`join` panicked: {message}"),
    }
}

/// What a payload may be besides a text.
#[derive(Debug)]
struct NoSuchRow(u32);

/// One worker for each job: what becomes of a worker afterwards is the next check's
/// question. Some payloads skip the panic hook, and all must be told alike.
fn a_panic_reaches_its_handle_whole() {
    let pool = immortal(pool(8));
    let report = soon("`submit` and `join` of six jobs", move || {
        let handles = [
            submit(pool, || 10),
            submit(pool, || panic!("the file is empty")),
            submit(pool, || panic!("row {} has no price", 2 + 5)),
            submit(pool, || resume_unwind(Box::new(404_u16))),
            submit(pool, || resume_unwind(Box::new(NoSuchRow(9)))),
            submit(pool, || 15),
        ];
        let lines = handles.into_iter().enumerate();
        lines
            .map(|(n, handle)| format!("job {n}  {}", told(handle.join())))
            .collect::<Vec<_>>()
            .join("\n")
    });
    assert_snapshot!("panics", report);
}

fn told(result: thread::Result<u32>) -> String {
    match result {
        Ok(value) => format!("Ok({value})"),
        Err(payload) => format!("Err({})", payload_text(payload)),
    }
}

fn payload_text(payload: Box<dyn Any + Send>) -> String {
    let payload = &*payload;
    if let Some(text) = payload.downcast_ref::<&str>() {
        format!("&str {text:?}")
    } else if let Some(text) = payload.downcast_ref::<String>() {
        format!("String {text:?}")
    } else if let Some(number) = payload.downcast_ref::<u16>() {
        format!("u16 {number}")
    } else if let Some(row) = payload.downcast_ref::<NoSuchRow>() {
        format!("NoSuchRow {}", row.0)
    } else {
        String::from("a value of another type")
    }
}

/// Before and after the panics, four jobs wait for each other: only a pool with four
/// workers lets them meet.
fn a_thousand_panics_leave_n_workers() {
    let pool = immortal(pool(4));
    let peak = meet(pool);
    assert!(
        peak == 4,
        "before any panic, 4 jobs were submitted to 4 workers, and at most {peak} ran at the same time"
    );
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let caller = wt_check::spawn("caller", move || {
        let jobs = (0..1000).map(|_| {
            let count = Arc::clone(&count);
            submit(pool, move || {
                count.fetch_add(1, Ordering::SeqCst);
                resume_unwind(Box::new("on purpose"))
            })
        });
        let handles: Vec<JoinHandle<()>> = jobs.collect();
        handles.into_iter().for_each(|handle| drop(handle.join()));
    });
    let _ = caller.join_soon();
    let ran = ran.load(Ordering::SeqCst);
    assert!(
        ran == 1000,
        "4 workers were given 1000 jobs that panic, and {ran} of them ran"
    );
    let peak = meet(pool);
    assert!(
        peak == 4,
        "after 1000 panics, 4 jobs were submitted to 4 workers, and at most {peak} ran at the same time"
    );
}

/// How many of four jobs were running at the same time, at most.
fn meet(pool: &'static Pool) -> usize {
    let meeting = Rendezvous::new(4);
    let place = meeting.clone();
    let caller = wt_check::spawn("caller", move || {
        let jobs = (0..4).map(|_| {
            let place = place.clone();
            submit(pool, move || place.meet())
        });
        let handles: Vec<_> = jobs.collect();
        handles
            .into_iter()
            .map(JoinHandle::join)
            .filter(Result::is_ok)
            .count()
    });
    // The workers are free again when their results have been taken.
    let _ = caller.join_soon();
    meeting.peak()
}

/// Nobody has joined the first job when the second is waited for.
fn an_unjoined_handle_holds_up_nobody() {
    let pool = immortal(pool(1));
    let caller = wt_check::spawn("caller", move || {
        let _unjoined = submit(pool, || 1);
        submit(pool, || 2).join().ok()
    });
    match caller.join_soon() {
        Ok(value) => assert!(
            value == Some(2),
            "`join` of a job that returned 2 gave {value:?}"
        ),
        Err(Unjoined::StillRunning) => panic!(
            "nobody had joined the first of two jobs yet, and so the only worker did not get to the second"
        ),
        Err(Unjoined::Panicked(message)) => panic!("`submit` or `join` panicked: {message}"),
    }
}

fn a_dropped_handle_changes_nothing() {
    let pool = immortal(pool(1));
    let gate = Gate::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let (held, count) = (gate.clone(), Arc::clone(&ran));
    let dropper = wt_check::spawn("dropper", move || {
        drop(submit(pool, move || {
            held.pass();
            count.fetch_add(1, Ordering::SeqCst);
        }));
    });
    let dropped = dropper.join_soon();
    gate.open();
    match dropped {
        Ok(()) => {}
        Err(Unjoined::StillRunning) => {
            panic!("dropping the handle of a running job did not return")
        }
        Err(Unjoined::Panicked(message)) => panic!("dropping a handle panicked: {message}"),
    }
    assert!(
        wait_until(|| ran.load(Ordering::SeqCst) == 1),
        "a job whose handle had been dropped never ran"
    );
    let next = wt_check::spawn("caller", move || submit(pool, || 7).join().ok());
    let next = next.join_soon();
    assert!(
        next == Ok(Some(7)),
        "after a job whose handle had been dropped, the same worker did not run the next job"
    );
}

/// The only worker is busy, and twenty jobs wait behind the one that it runs.
fn shutdown_runs_what_is_queued() {
    let threads = ThreadCount::start();
    let pool = Arc::new(pool(1));
    let gate = Gate::default();
    let (ran, queued) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (owned, held, count, inside) = (
        Arc::clone(&pool),
        gate.clone(),
        Arc::clone(&ran),
        Arc::clone(&queued),
    );
    // Left alone at the end: a job that never runs is not joined, either.
    let _joiner = wt_check::spawn("joiner", move || {
        let mut handles = vec![submit(&owned, move || held.pass())];
        handles.extend((0..20).map(|_| {
            let count = Arc::clone(&count);
            submit(&owned, move || {
                count.fetch_add(1, Ordering::SeqCst);
            })
        }));
        // Only the check may end this pool.
        std::mem::forget(owned);
        inside.store(handles.len(), Ordering::SeqCst);
        handles
            .into_iter()
            .map(JoinHandle::join)
            .filter(Result::is_ok)
            .count()
    });
    gate.wait_for_a_job();
    wait_until(|| queued.load(Ordering::SeqCst) == 21);
    let closer = wt_check::spawn("closer", move || {
        pool.shutdown();
        std::mem::forget(pool);
    });
    let activity = closer.wait_asleep();
    gate.open();
    assert!(
        activity != Activity::Finished,
        "`shutdown` returned while a job was still running"
    );
    match closer.join_soon() {
        Ok(()) => {}
        Err(Unjoined::StillRunning) => panic!("`shutdown` did not return"),
        Err(Unjoined::Panicked(message)) => panic!("`shutdown` panicked: {message}"),
    }
    let ran = ran.load(Ordering::SeqCst);
    assert!(
        ran == 20,
        "20 jobs were queued when `shutdown` was called, and {} of them had not run when it returned",
        20 - ran
    );
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "{} threads outlived `shutdown`: {}",
        left.len(),
        left.join(", ")
    );
}

/// The pool goes while its worker is busy and five jobs wait. All of them are joined
/// when it is gone.
fn a_handle_outlives_its_pool() {
    let pool = pool(1);
    let gate = Gate::default();
    let held = gate.clone();
    let (pool, handles) = soon("`submit`", move || {
        let mut handles = vec![submit(&pool, held.job(0))];
        handles.extend((1..6).map(|n| submit(&pool, move || n)));
        (pool, handles)
    });
    wait_until(|| gate.held.now() > 0);
    let dropper = wt_check::spawn("dropper", move || drop(pool));
    let _ = dropper.wait_asleep();
    gate.open();
    let _ = dropper.join_soon();
    let joiner = wt_check::spawn("joiner", move || {
        let results = handles.into_iter().map(|handle| handle.join().ok());
        results.collect::<Vec<_>>()
    });
    match joiner.join_soon() {
        Ok(values) => {
            let good = values.iter().flatten().count();
            assert!(
                good == 6,
                "6 jobs were submitted and the pool was dropped: {good} of the handles had a value"
            );
        }
        Err(Unjoined::StillRunning) => {
            panic!(
                "6 jobs were submitted and the pool was dropped: `join` of one of them waits for ever"
            )
        }
        Err(Unjoined::Panicked(message)) => {
            panic!("6 jobs were submitted and the pool was dropped: `join` panicked: {message}")
        }
    }
}

/// The job must come back as it was: not run, and ready to run elsewhere.
fn a_late_submit_hands_the_job_back() {
    let pool = immortal(pool(1));
    soon("`shutdown` of an idle pool", move || pool.shutdown());
    let ran = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ran);
    let back = soon("`submit` after `shutdown`", move || {
        let job = move || count.fetch_add(1, Ordering::SeqCst) + 7;
        match pool.submit(job) {
            Ok(_) => None,
            Err(SubmitError(job)) => Some(Box::new(job) as Box<dyn FnOnce() -> usize + Send>),
        }
    });
    let Some(job) = back else {
        panic!("`submit` after `shutdown` returned a handle, and no worker was left to run the job")
    };
    assert!(
        ran.load(Ordering::SeqCst) == 0,
        "`submit` after `shutdown` ran the job that it handed back"
    );
    let value = job();
    assert!(
        value == 7,
        "`submit` after `shutdown` handed back another job than it was given"
    );
}

fn pool(workers: usize) -> Pool {
    match Pool::new(workers) {
        Ok(pool) => pool,
        Err(_) => panic!("`Pool::new({workers})` returned an error"),
    }
}

/// A pool that is not dropped, not even while a failed assertion unwinds.
fn immortal(pool: Pool) -> &'static Pool {
    Box::leak(Box::new(pool))
}

fn submit<T, F>(pool: &Pool, job: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match pool.submit(job) {
        Ok(handle) => handle,
        Err(_) => panic!("an open pool refused a job"),
    }
}

/// Runs something that has no reason to wait for long.
fn soon<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    match wt_check::spawn("caller", f).join_soon() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} did not return"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}

/// Holds jobs back until it is opened, or until a failed check is long over.
#[derive(Clone, Default)]
struct Gate {
    state: Arc<(Mutex<bool>, Condvar)>,
    held: InFlight,
}

impl Gate {
    fn job(self, value: i32) -> impl FnOnce() -> i32 + Send + 'static {
        move || {
            self.pass();
            value
        }
    }

    fn pass(&self) {
        let _held = self.held.enter();
        let (open, opened) = &*self.state;
        let closed = open.lock().unwrap();
        drop(opened.wait_timeout_while(closed, patience() * 4, |open| !*open));
    }

    fn wait_for_a_job(&self) {
        assert!(
            wait_until(|| self.held.now() > 0),
            "a job was submitted to a free worker and did not start"
        );
    }

    fn open(&self) {
        let (open, opened) = &*self.state;
        *open.lock().unwrap() = true;
        opened.notify_all();
    }
}
