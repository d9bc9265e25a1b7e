//! Hidden checks of lesson 15: budgets.
//!
//! Time is a clock that the check moves. A thread is known to wait because the kernel
//! says that it sleeps. The last check is explored.

use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use budgets::{Budget, Jobs, NotDone, Permit, Ticket, TooLarge};
use wt_check::{
    Activity, FakeClock, Rendezvous, Unjoined, Watched, assert_same, check, explore, rng,
    wait_until,
};
use wt_core::channel::{self, Sender};
use wt_core::sync::{Arc, Mutex};
use wt_core::thread;
use wt_core::time::Duration;

fn main() -> ExitCode {
    wt_check::run(&[
        check!(the_budget_is_never_exceeded),
        check!(a_request_waits_until_it_fits),
        check!(requests_that_fit_are_granted_together),
        check!(all_that_fit_go_on_together),
        check!(a_large_request_is_not_overtaken),
        check!(a_panic_gives_the_bytes_back),
        check!(more_than_the_budget_is_an_error),
        check!(a_job_in_time_has_a_value),
        check!(a_job_past_its_deadline_never_begins),
        check!(a_job_that_was_cancelled_never_begins),
        check!(a_running_job_sees_that_it_is_cancelled),
        check!(a_running_job_sees_its_deadline),
        check!(the_worker_survives_a_panic),
        explore!(no_order_of_steps_breaks_the_budget),
    ])
}

// The budget.

/// Several threads, sizes at random. What is inside is counted by the check, from the
/// moment in which a permit was granted to the one before it is dropped.
fn the_budget_is_never_exceeded() {
    const TOTAL: usize = 100;
    let budget = Arc::new(Budget::new(TOTAL));
    let inside = Arc::new(AtomicUsize::new(0));
    let peak = Arc::new(AtomicUsize::new(0));
    let mut rng = rng();
    let users: Vec<_> = (0..4)
        .map(|_| {
            let sizes: Vec<usize> = (0..20).map(|_| rng.usize(1..=70)).collect();
            let (budget, inside, peak) =
                (Arc::clone(&budget), Arc::clone(&inside), Arc::clone(&peak));
            wt_check::spawn("user", move || {
                for size in sizes {
                    let permit = budget.acquire(size).expect("it fits into the budget");
                    let now = inside.fetch_add(size, Ordering::SeqCst) + size;
                    peak.fetch_max(now, Ordering::SeqCst);
                    std::thread::yield_now();
                    inside.fetch_sub(size, Ordering::SeqCst);
                    drop(permit);
                }
            })
        })
        .collect();
    for user in users {
        returned("`acquire` and `drop` by several threads", user);
    }
    let exceeded = peak.load(Ordering::SeqCst) > TOTAL;
    assert!(
        !exceeded,
        "permits for more than {TOTAL} bytes were held at once, of a budget of {TOTAL}"
    );
    let free = budget.free();
    assert!(
        free == TOTAL,
        "all permits were dropped, and {free} of {TOTAL} bytes were free"
    );
}

fn a_request_waits_until_it_fits() {
    let budget = Arc::new(Budget::new(100));
    let (release, holder) = held(&budget, 60);
    let (_keep, waiter) = request(&budget, 50);
    sleeps(
        &waiter,
        &budget,
        40,
        "40 of 100 bytes were free, and a request for 50",
    );
    drop(release);
    returned("`drop` of a permit", holder);
    wait_for(&budget, 50, "a request for 50 bytes, when 100 were free");
    drop(waiter);
}

fn requests_that_fit_are_granted_together() {
    let budget = Arc::new(Budget::new(100));
    let meeting = Rendezvous::new(2);
    let users = [60, 40].map(|size| {
        let (budget, meeting) = (Arc::clone(&budget), meeting.clone());
        wt_check::spawn("user", move || {
            let permit = budget.acquire(size);
            meeting.meet();
            drop(permit);
        })
    });
    let met = wait_until(|| meeting.met());
    assert!(
        met,
        "requests for 60 and 40 bytes came to a budget of 100, and were never granted at the same time"
    );
    for user in users {
        returned("`acquire` of what is free", user);
    }
}

/// One permit comes back, and three requests wait that it is enough for.
fn all_that_fit_go_on_together() {
    let budget = Arc::new(Budget::new(100));
    let (release, holder) = held(&budget, 100);
    let waiters: Vec<_> = (0..3)
        .map(|_| {
            let waiter = request(&budget, 30);
            sleeps(
                &waiter.1,
                &budget,
                0,
                "nothing was free, and a request for 30",
            );
            waiter
        })
        .collect();
    drop(release);
    returned("`drop` of a permit", holder);
    let all = wait_until(|| budget.free() == 10);
    let free = budget.free();
    assert!(
        all,
        "3 requests for 30 bytes waited when 100 came back, and {} of them went on",
        (100 - free.min(100)) / 30
    );
    drop(waiters);
}

fn a_large_request_is_not_overtaken() {
    let budget = Arc::new(Budget::new(100));
    let (release, holder) = held(&budget, 60);
    let (_keep, large) = request(&budget, 80);
    sleeps(
        &large,
        &budget,
        40,
        "40 of 100 bytes were free, and a request for 80",
    );
    let (_keep_too, small) = request(&budget, 10);
    sleeps(
        &small,
        &budget,
        40,
        "a request for 80 waited, 40 bytes were free, and a later one for 10",
    );
    drop(release);
    returned("`drop` of a permit", holder);
    wait_for(
        &budget,
        90,
        "requests for 80 and for 10 bytes, in this order, when 100 were free,",
    );
}

fn a_panic_gives_the_bytes_back() {
    let budget = Arc::new(Budget::new(100));
    let own = Arc::clone(&budget);
    let user = wt_check::spawn("user", move || {
        let _permit = own.acquire(100);
        panic!("the work has failed, with {} bytes free", own.free());
    });
    let panicked = match user.join_soon() {
        Err(Unjoined::Panicked(message)) => message,
        _ => panic!("a thread took 100 of 100 free bytes, and did not come as far as its panic"),
    };
    assert!(
        panicked == "the work has failed, with 0 bytes free",
        "a thread took 100 of 100 free bytes, and panicked: {panicked}"
    );
    let free = budget.free();
    assert!(
        free == 100,
        "a thread panicked while it held 100 of 100 bytes, and afterwards {free} were free"
    );
}

/// The check's own thread asks, so a wait is a deadlock, and found at once.
fn more_than_the_budget_is_an_error() {
    let budget = Budget::new(100);
    let answer = budget.acquire(101);
    assert!(
        matches!(answer, Err(TooLarge)),
        "101 of 100 bytes were granted"
    );
    let whole = matches!(budget.acquire(100), Ok(permit) if permit.bytes() == 100);
    assert!(whole, "100 of 100 free bytes were not granted");
    let nothing = matches!(budget.acquire(0), Ok(permit) if permit.bytes() == 0);
    assert!(nothing, "0 bytes were not granted");
}

/// A thread that holds `size` bytes until the sender is dropped. It has them already.
fn held(budget: &Arc<Budget>, size: usize) -> (Sender<()>, Watched<()>) {
    let (release, holder) = request(budget, size);
    let free = budget.free();
    wait_for(
        budget,
        size,
        &format!("a request for {size} bytes, when {free} were free,"),
    );
    (release, holder)
}

/// A thread that asks for `size` bytes and holds them until the sender is dropped.
fn request(budget: &Arc<Budget>, size: usize) -> (Sender<()>, Watched<()>) {
    let budget = Arc::clone(budget);
    let (release, released) = channel::bounded::<()>(0);
    let thread = wt_check::spawn("request", move || {
        let permit: Result<Permit<'_>, TooLarge> = budget.acquire(size);
        let _ = released.recv();
        drop(permit);
    });
    (release, thread)
}

/// Waits until `size` bytes are taken.
fn wait_for(budget: &Budget, size: usize, who: &str) {
    let taken = wait_until(|| 100 - budget.free().min(100) == size);
    assert!(taken, "{who} did not go on");
}

/// A request that does not go on: its thread sleeps, and as much is free as before.
fn sleeps(thread: &Watched<()>, budget: &Budget, free: usize, who: &str) {
    let activity = thread.wait_asleep();
    let went_on = budget.free() != free || activity == Activity::Finished;
    assert!(!went_on, "{who} went on");
    assert!(
        activity != Activity::Running,
        "{who} kept running instead of sleeping"
    );
}

// The jobs.

fn a_job_in_time_has_a_value() {
    let (clock, jobs) = jobs();
    let gate = Gate::shut(&jobs);
    let tickets: Vec<_> = (0..3)
        .map(|n| jobs.submit(Some(SECOND), move |_| n * 10))
        .collect();
    clock.advance(SECOND / 2);
    gate.open();
    let values: Vec<_> = tickets.into_iter().map(value).collect();
    assert_same!(
        values,
        vec![Ok(0), Ok(10), Ok(20)],
        "three jobs began half a second before their deadline; these values came back"
    );
}

fn a_job_past_its_deadline_never_begins() {
    let (clock, jobs) = jobs();
    let gate = Gate::shut(&jobs);
    let begun = Arc::new(AtomicUsize::new(0));
    let late = jobs.submit(Some(SECOND), counting(&begun));
    let in_time = jobs.submit(Some(SECOND * 3), counting(&begun));
    let patient = jobs.submit(None, counting(&begun));
    clock.advance(SECOND * 2);
    gate.open();
    let outcomes = [late, in_time, patient].map(value);
    let begun = begun.load(Ordering::SeqCst);
    assert_same!(
        outcomes.to_vec(),
        vec![Err("Expired"), Ok(()), Ok(())],
        "jobs with limits of 1 s, 3 s and none had their turn after 2 s"
    );
    assert!(
        begun == 2,
        "one of three jobs was past its deadline, and {begun} were started"
    );
}

fn a_job_that_was_cancelled_never_begins() {
    let (_clock, jobs) = jobs();
    let gate = Gate::shut(&jobs);
    let begun = Arc::new(AtomicUsize::new(0));
    let tickets = [(); 3].map(|()| jobs.submit(None, counting(&begun)));
    tickets[1].cancel();
    gate.open();
    let outcomes = tickets.map(value);
    let begun = begun.load(Ordering::SeqCst);
    assert_same!(
        outcomes.to_vec(),
        vec![Ok(()), Err("Cancelled"), Ok(())],
        "the second of three queued jobs was cancelled"
    );
    assert!(
        begun == 2,
        "one of three jobs was cancelled in the queue, and {begun} were started"
    );
}

fn a_running_job_sees_that_it_is_cancelled() {
    let (_clock, jobs) = jobs();
    let listener = Listener::start(&jobs, None);
    listener.ticket.cancel();
    listener.hears("it was cancelled");
}

fn a_running_job_sees_its_deadline() {
    let (clock, jobs) = jobs();
    let listener = Listener::start(&jobs, Some(SECOND));
    clock.advance(SECOND * 2);
    listener.hears("its deadline had passed");
}

/// A job that asks its token again and again.
struct Listener {
    ticket: Ticket<bool>,
    heard: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
}

impl Listener {
    fn start(jobs: &Jobs, limit: Option<Duration>) -> Self {
        let [begun, heard, over] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
        let (own_begun, own_heard, own_over) =
            (Arc::clone(&begun), Arc::clone(&heard), Arc::clone(&over));
        let ticket = jobs.submit(limit, move |token| {
            let at_once = token.is_cancelled();
            own_begun.store(true, Ordering::SeqCst);
            while !own_over.load(Ordering::SeqCst) && !own_heard.load(Ordering::SeqCst) {
                own_heard.store(token.is_cancelled(), Ordering::SeqCst);
                std::thread::yield_now();
            }
            at_once
        });
        let running = wait_until(|| begun.load(Ordering::SeqCst));
        assert!(running, "a job whose turn had come did not begin");
        Self {
            ticket,
            heard,
            over,
        }
    }

    fn hears(self, what: &str) {
        let heard = wait_until(|| self.heard.load(Ordering::SeqCst));
        self.over.store(true, Ordering::SeqCst);
        let at_once = value(self.ticket);
        assert!(
            heard,
            "a running job asked again and again, and never heard that {what}"
        );
        assert!(
            at_once == Ok(false),
            "before {what} a job that had begun asked its token, and its ticket gives {at_once:?}, not Ok(false)"
        );
    }
}

fn the_worker_survives_a_panic() {
    let (_clock, jobs) = jobs();
    let budget = Arc::new(Budget::new(100));
    let own = Arc::clone(&budget);
    let broken = jobs.submit(None, move |_| {
        let _permit = own.acquire(100);
        panic!("the job has failed");
    });
    let next = jobs.submit(None, |_| ());
    let outcomes = [value(broken), value(next)];
    assert_same!(
        outcomes.to_vec(),
        vec![Err("Panicked"), Ok(())],
        "the first of two jobs panicked"
    );
    let free = budget.free();
    assert!(
        free == 100,
        "a job panicked while it held 100 of 100 bytes, and afterwards {free} were free"
    );
}

const SECOND: Duration = Duration::from_secs(1);

fn jobs() -> (FakeClock, Jobs) {
    let clock = FakeClock::new();
    let jobs = Jobs::start(Arc::new(clock.clone()));
    (clock, jobs)
}

/// A job that keeps the only worker busy until it is let go.
struct Gate(Sender<()>);

impl Gate {
    fn shut(jobs: &Jobs) -> Self {
        let (closed, opened) = channel::bounded::<()>(0);
        let begun = Arc::new(AtomicBool::new(false));
        let own = Arc::clone(&begun);
        drop(jobs.submit(None, move |_| {
            own.store(true, Ordering::SeqCst);
            let _ = opened.recv();
        }));
        let running = wait_until(|| begun.load(Ordering::SeqCst));
        assert!(running, "a job whose turn had come did not begin");
        Self(closed)
    }

    fn open(self) {
        drop(self.0);
    }
}

fn counting(begun: &Arc<AtomicUsize>) -> impl FnOnce(&budgets::CancelToken) + Send + use<> {
    let begun = Arc::clone(begun);
    move |_| {
        begun.fetch_add(1, Ordering::SeqCst);
    }
}

/// What became of a job, with the reason as a std type.
fn value<T: Send + 'static>(ticket: Ticket<T>) -> Result<T, &'static str> {
    let waiter = wt_check::spawn("caller", move || ticket.wait());
    returned("`wait` for a job whose turn had come", waiter).map_err(|reason| match reason {
        NotDone::Expired => "Expired",
        NotDone::Cancelled => "Cancelled",
        NotDone::Panicked => "Panicked",
    })
}

fn returned<T>(what: &str, thread: Watched<T>) -> T {
    match thread.join_soon() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} did not return"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}

// Under every order of steps.

/// Four requests at a budget of three. Whoever sleeps for ever is found by itself.
fn no_order_of_steps_breaks_the_budget() {
    let budget = Arc::new(Budget::new(3));
    let inside = Arc::new(Mutex::new(0));
    let users =
        [("two", 2_isize), ("also two", 2), ("three", 3), ("one", 1)].map(|(name, bytes)| {
            let (budget, inside) = (Arc::clone(&budget), Arc::clone(&inside));
            let user = thread::Builder::new().name(name.into());
            let user = user.spawn(move || {
                let add = |bytes: isize| {
                    let mut inside = inside.lock().expect("a counter");
                    *inside += bytes;
                    *inside
                };
                let permit = budget.acquire(bytes.unsigned_abs());
                let now = add(bytes);
                add(-bytes);
                drop(permit);
                now
            });
            user.expect("a thread starts")
        });
    for user in users {
        // A panic of the checked code comes out as it is.
        let now = user.join().unwrap_or_else(|payload| resume_unwind(payload));
        assert!(now <= 3, "{now} of 3 bytes were granted at once");
    }
    let free = budget.free();
    assert!(
        free == 3,
        "all permits were dropped, and {free} of 3 bytes were free"
    );
}
