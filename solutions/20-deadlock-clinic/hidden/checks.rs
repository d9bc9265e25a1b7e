//! Hidden checks of lesson 20: the deadlock clinic.
//!
//! Where a circle is to be expected, the check's own thread waits in the checked code or
//! at the façade, and not on a watched thread with a deadline: then nobody is left who
//! could go on, and the record finds the deadlock at once. The last three are explored:
//! what hangs only in one order of steps among thousands is found there.

use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use deadlock_clinic::{Accounts, SameAccount, Service, answer_all};
use wt_check::{
    Activity, Rendezvous, Unjoined, Watched, assert_same, check, explore, observe, observed, rng,
    wait_until,
};
use wt_core::channel::{self, Receiver, Sender};
use wt_core::sync::{Arc, Mutex};
use wt_core::thread::{self, JoinHandle};

fn main() -> ExitCode {
    wt_check::run(&[
        check!(with_both_gives_the_balances_in_the_callers_order),
        check!(the_same_account_twice_is_an_error),
        check!(accounts_that_are_not_shared_are_used_at_the_same_time),
        check!(who_waits_for_an_account_sleeps),
        observed!(every_request_is_answered_in_order => each_request_times_three),
        check!(no_more_is_under_way_than_the_channels_hold),
        check!(the_server_works_while_an_answer_is_delivered),
        check!(stop_waits_for_the_jobs_it_has),
        check!(a_job_may_stop_its_own_service),
        check!(the_worker_leaves_its_handle_to_others),
        check!(a_stopped_service_takes_no_jobs),
        explore!(no_order_of_steps_stops_the_accounts).schedules(SCHEDULES),
        explore!(no_order_of_steps_stops_the_channels).schedules(SCHEDULES),
        explore!(every_stop_comes_to_an_end).schedules(SCHEDULES),
    ])
}

/// How many orders of steps each explored check tries.
const SCHEDULES: u32 = 10_000;

// The accounts.

fn with_both_gives_the_balances_in_the_callers_order() {
    let accounts = Arc::new(Accounts::new(&[10, 20, 30]));
    let mut seen = Vec::new();
    for (first, second) in [(0, 1), (1, 0), (2, 0), (1, 2)] {
        let accounts = Arc::clone(&accounts);
        seen.push(soon("`with_both` of two free accounts", move || {
            accounts
                .with_both(first, second, |one, other| {
                    (*one, *other) = (*one - 1, *other + 1);
                    (*one, *other)
                })
                .ok()
        }));
    }
    assert_same!(
        seen,
        [(9, 21), (20, 10), (29, 11), (19, 30)].map(Some).to_vec(),
        "1 was moved from account 0 to 1, from 1 to 0, from 2 to 0 and from 1 to 2, of 10, 20 and 30; \
         these were the two balances after each move"
    );
    let total = soon("`total` of free accounts", move || accounts.total());
    assert!(
        total == 60,
        "60 were in the accounts, some was moved between them, and the total was {total}"
    );
}

fn the_same_account_twice_is_an_error() {
    let accounts = Accounts::new(&[10, 20]);
    let answer = accounts.with_both(1, 1, |_, _| ());
    assert!(
        matches!(answer, Err(SameAccount)),
        "both ends were account 1, and the answer was no error"
    );
    let total = accounts.total();
    assert!(total == 30, "nothing was moved, and the total was {total}");
}

/// One lock for everything has no circle, and no parallelism.
fn accounts_that_are_not_shared_are_used_at_the_same_time() {
    for [(a, b), (c, d)] in [[(0, 1), (2, 3)], [(3, 1), (2, 0)]] {
        let accounts = Arc::new(Accounts::new(&[0; 4]));
        let (release, holder) = held(&accounts, a, b);
        let other = {
            let accounts = Arc::clone(&accounts);
            wt_check::spawn("other", move || accounts.with_both(c, d, |_, _| ()).is_ok())
        };
        let outcome = other.join_soon();
        drop(release);
        assert!(
            outcome != Err(Unjoined::StillRunning),
            "while one thread used the accounts {a} and {b}, another had to wait for {c} and {d}"
        );
        assert!(
            outcome == Ok(true),
            "`with_both` of the accounts {c} and {d} did not succeed: {outcome:?}"
        );
        returned("`with_both`", holder);
    }
}

/// A thread that uses two accounts until the sender is dropped. It has them already.
fn held(accounts: &Arc<Accounts>, first: usize, second: usize) -> (Sender<()>, Watched<()>) {
    let (release, released) = channel::bounded::<()>(0);
    let inside = Rendezvous::new(2);
    let (accounts, meeting) = (Arc::clone(accounts), inside.clone());
    let holder = wt_check::spawn("holder", move || {
        let _ = accounts.with_both(first, second, |_, _| {
            meeting.meet();
            let _ = released.recv();
        });
    });
    assert!(inside.meet(), "`with_both` of free accounts did not begin");
    (release, holder)
}

/// A loop around `try_lock` holds nothing while it waits, and a core.
fn who_waits_for_an_account_sleeps() {
    let accounts = Arc::new(Accounts::new(&[0; 4]));
    let (release, holder) = held(&accounts, 1, 2);
    let waiters = [(0, 1), (2, 0), (3, 2)].map(|(first, second)| {
        let accounts = Arc::clone(&accounts);
        wt_check::spawn("waiter", move || {
            accounts.with_both(first, second, |_, _| ())
        })
    });
    for waiter in &waiters {
        match waiter.wait_asleep() {
            Activity::Asleep => {}
            Activity::Finished => panic!("a thread used an account that another was using"),
            Activity::Running => {
                panic!("a thread that waited for an account kept running instead of sleeping")
            }
        }
    }
    drop(release);
    returned("`with_both`", holder);
    for waiter in waiters {
        let _ = returned("`with_both` of accounts that are free again", waiter);
    }
}

// The channels.

/// More requests than both channels hold, by far.
fn every_request_is_answered_in_order() {
    let mut answers = Vec::new();
    answer_all(
        requests().into_iter(),
        3,
        |n| n.wrapping_mul(3),
        |answer| answers.push(answer),
    );
    observe("answers", &answers);
}

fn each_request_times_three() {
    let answers: Vec<u32> = requests().iter().map(|n| n.wrapping_mul(3)).collect();
    observe("answers", &answers);
}

fn requests() -> Vec<u32> {
    let mut rng = rng();
    (0..60).map(|_| rng.u32(..)).collect()
}

fn no_more_is_under_way_than_the_channels_hold() {
    const CAPACITY: usize = 4;
    // What both channels hold, one in the hands of each of three threads, and one that
    // was taken and cannot be sent yet.
    const MOST: usize = 2 * CAPACITY + 4;
    let taken = AtomicUsize::new(0);
    let requests = (0..100).inspect(|_| {
        taken.fetch_add(1, Ordering::SeqCst);
    });
    let (mut delivered, mut most) = (0, 0);
    let deliver = |_| {
        most = most.max(taken.load(Ordering::SeqCst) - delivered);
        delivered += 1;
    };
    answer_all(requests, CAPACITY, |n| n, deliver);
    assert!(
        delivered == 100,
        "100 requests were sent, and {delivered} answers delivered"
    );
    assert!(
        most <= MOST,
        "each channel holds {CAPACITY}, and {most} requests had been taken and not been delivered"
    );
}

fn the_server_works_while_an_answer_is_delivered() {
    let served = AtomicUsize::new(0);
    let serve = |n| {
        served.fetch_add(1, Ordering::SeqCst);
        n
    };
    let (mut ahead, mut delivered) = (false, 0);
    answer_all(0..3, 2, serve, |_| {
        delivered += 1;
        if delivered == 1 {
            ahead = wait_until(|| served.load(Ordering::SeqCst) >= 2);
        }
    });
    assert!(
        delivered == 3,
        "3 requests were sent, and {delivered} answers delivered"
    );
    assert!(
        ahead,
        "while the first answer was delivered, the server did not begin with the second request"
    );
}

// The service.

/// What a job waits at until the check lets it go on.
struct Gate {
    /// Open once this is dropped.
    closed: Sender<()>,
    opened: Receiver<()>,
}

impl Gate {
    fn new() -> Self {
        let (closed, opened) = channel::unbounded();
        Self { closed, opened }
    }

    fn open(self) {
        drop(self.closed);
    }

    /// The job that waits at the gate, then does `f`.
    fn then(&self, f: impl FnOnce() + Send + 'static) -> impl FnOnce() + Send + 'static {
        let opened = self.opened.clone();
        move || {
            let _ = opened.recv();
            f();
        }
    }
}

fn stop_waits_for_the_jobs_it_has() {
    let service = Arc::new(Service::start());
    let done = Arc::new(AtomicUsize::new(0));
    let gate = Gate::new();
    submit(&service, gate.then(counting(&done)));
    for _ in 0..4 {
        submit(&service, counting(&done));
    }
    let stopper = stopper(&service);
    waits_for_jobs(&stopper, &done, 5);
    gate.open();
    returned("`stop`", stopper);
    let done = done.load(Ordering::SeqCst);
    assert!(
        done == 5,
        "`stop` returned when {done} of 5 accepted jobs were done"
    );
}

fn a_job_may_stop_its_own_service() {
    let service = Arc::new(Service::start());
    let gate = Gate::new();
    let (tell, told) = channel::unbounded();
    let (own, tell_rest) = (Arc::clone(&service), tell.clone());
    submit(
        &service,
        gate.then(move || {
            own.stop();
            let _ = tell.send("the job that called `stop`");
        }),
    );
    submit(&service, move || {
        let _ = tell_rest.send("the next one");
    });
    // Nobody else touches the service meanwhile.
    gate.open();
    let ended: Vec<_> = told.into_iter().collect();
    assert_same!(
        ended,
        vec!["the job that called `stop`", "the next one"],
        "a job called `stop` of its own service, with one more job behind it; these came to their end"
    );
    service.stop();
}

fn the_worker_leaves_its_handle_to_others() {
    let service = Arc::new(Service::start());
    let done = Arc::new(AtomicUsize::new(0));
    let (own, count) = (Arc::clone(&service), counting(&done));
    let (first, second) = (Gate::new(), Gate::new());
    submit(
        &service,
        first.then(move || {
            own.stop();
            count();
        }),
    );
    submit(&service, second.then(counting(&done)));
    first.open();
    let stopped = wait_until(|| done.load(Ordering::SeqCst) == 1);
    assert!(stopped, "a job called `stop`, and did not come to its end");
    let stopper = stopper(&service);
    waits_for_jobs(&stopper, &done, 2);
    second.open();
    returned("`stop` after a job has called it", stopper);
    let done = done.load(Ordering::SeqCst);
    assert!(
        done == 2,
        "a job called `stop`, then another thread did, and that call returned when {done} of 2 jobs were done"
    );
}

fn a_stopped_service_takes_no_jobs() {
    let service = Arc::new(Service::start());
    let done = Arc::new(AtomicUsize::new(0));
    submit(&service, counting(&done));
    returned("`stop`", stopper(&service));
    let late = service.submit(counting(&done));
    assert!(late.is_err(), "`submit` took a job after `stop`");
    returned("the second call of `stop`", stopper(&service));
    // A job that was taken too late may still be on its way.
    let two = done.load(Ordering::SeqCst) > 1;
    assert!(!two, "a job was done that came after `stop`");
}

fn submit(service: &Service, job: impl FnOnce() + Send + 'static) {
    assert!(
        service.submit(job).is_ok(),
        "an open service did not take a job"
    );
}

fn counting(done: &Arc<AtomicUsize>) -> impl FnOnce() + Send + use<> {
    let done = Arc::clone(done);
    move || {
        done.fetch_add(1, Ordering::SeqCst);
    }
}

fn stopper(service: &Arc<Service>) -> Watched<()> {
    let service = Arc::clone(service);
    wt_check::spawn("stopper", move || service.stop())
}

fn waits_for_jobs(stopper: &Watched<()>, done: &AtomicUsize, jobs: usize) {
    let returned = stopper.wait_asleep() == Activity::Finished;
    let done = done.load(Ordering::SeqCst);
    assert!(
        !returned,
        "`stop` returned when {done} of {jobs} accepted jobs were done"
    );
}

// Under every order of steps.

/// Three threads, three accounts, and a circle if everybody takes the left one first.
fn no_order_of_steps_stops_the_accounts() {
    let accounts = Arc::new(Accounts::new(&[5, 5, 5]));
    let movers = [("0 to 1", 0, 1), ("1 to 2", 1, 2), ("2 to 0", 2, 0)].map(|(name, from, to)| {
        let accounts = Arc::clone(&accounts);
        start(name, move || {
            accounts
                .with_both(from, to, |from, to| {
                    (*from, *to) = (*from - 1, *to + 1);
                })
                .is_ok()
        })
    });
    let total = accounts.total();
    assert!(
        total == 15,
        "15 were in the accounts, and while some was moved the total was {total}"
    );
    let moved = movers.map(joined);
    assert!(
        moved == [true; 3],
        "two accounts were taken for one: {moved:?}"
    );
    let left = accounts.with_both(0, 1, |a, b| (*a, *b)).ok();
    assert!(
        left == Some((5, 5)),
        "each account gave 1 and got 1, and 5 and 5 in the accounts 0 and 1 became {left:?}"
    );
}

/// One place in each channel, and more requests than there are hands.
fn no_order_of_steps_stops_the_channels() {
    let mut answers = Vec::new();
    answer_all(0..5, 1, |n| n + 10, |answer| answers.push(answer));
    assert!(
        answers == [10, 11, 12, 13, 14],
        "the requests 0 to 4 were to be answered by 10 to 14, and the answers were {answers:?}"
    );
}

/// A job, another thread and the main thread stop the same service.
fn every_stop_comes_to_an_end() {
    let service = Arc::new(Service::start());
    let done = Arc::new(Mutex::new(0));
    let job = {
        let (service, done) = (Arc::clone(&service), Arc::clone(&done));
        move || {
            service.stop();
            *done.lock().expect("a counter") += 1;
        }
    };
    submit(&service, job);
    let visitor = {
        let service = Arc::clone(&service);
        start("visitor", move || service.stop())
    };
    service.stop();
    joined(visitor);
    let done = *done.lock().expect("a counter");
    assert!(
        done == 1,
        "two threads have called `stop` and both calls have returned, and the accepted job is not done"
    );
}

/// A thread of an explored check.
fn start<T: Send + 'static>(name: &str, f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let thread = thread::Builder::new().name(name.into());
    thread.spawn(f).expect("a thread starts")
}

/// A panic of the checked code comes out as it is.
fn joined<T>(thread: JoinHandle<T>) -> T {
    thread
        .join()
        .unwrap_or_else(|payload| resume_unwind(payload))
}

/// Runs something that has no reason to wait for ever.
fn soon<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    returned(what, wt_check::spawn("caller", f))
}

fn returned<T>(what: &str, thread: Watched<T>) -> T {
    match thread.join_soon() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} did not return"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}
