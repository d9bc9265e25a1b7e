//! Hidden checks of lesson 16: a service that leaves nothing behind.
//!
//! Each leak has a check that sees it alone. Memory is counted by the harness's
//! allocator, after a warm-up, and over so many rounds that one forgotten thing per round
//! is far more than what the threads themselves need.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use leak_hunt::{Service, Session, Ticket};
use wt_check::{
    AllocProbe, ThreadCount, Unjoined, assert_same, assert_snapshot, check, observe, observed, rng,
    wait_until,
};
use wt_core::channel::{Receiver, TryRecvError};

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(every_request_is_answered => expected_answers),
        check!(subscribers_hear_of_every_picture),
        check!(the_journal_is_written_to_its_end),
        check!(no_thread_is_left),
        check!(receivers_end_while_a_session_is_held),
        check!(a_service_and_its_sessions_are_freed),
        check!(closed_sessions_are_not_listed),
        check!(closed_sessions_leave_nothing),
        check!(answered_requests_leave_nothing),
        check!(unwanted_answers_leave_nothing),
        check!(a_failed_request_is_told),
        check!(failed_requests_leave_nothing),
        check!(a_session_outlives_its_service),
    ])
}

// What it does.

fn every_request_is_answered() {
    let service = quiet(3);
    let session = service.open("reader");
    let tickets: Vec<_> = pictures()
        .into_iter()
        .map(|picture| ask(&session, picture))
        .collect();
    for ticket in tickets {
        observe(
            "answer",
            answer(ticket).map(|pixels| pixels.iter().map(|&b| u32::from(b)).sum::<u32>()),
        );
    }
}

fn expected_answers() {
    for picture in pictures() {
        observe(
            "answer",
            Some(render(picture).iter().map(|&b| u32::from(b)).sum::<u32>()),
        );
    }
}

fn pictures() -> Vec<u64> {
    let mut rng = rng();
    (0..60).map(|_| rng.u64(..1000)).collect()
}

fn render(picture: u64) -> Vec<u8> {
    assert!(picture != BROKEN, "picture {BROKEN} cannot be made");
    (0..16).map(|n| (picture * 31 + n * 7) as u8).collect()
}

/// A picture that makes `render` panic.
const BROKEN: u64 = 999_999;

fn subscribers_hear_of_every_picture() {
    let service = quiet(2);
    let events = [service.events(), service.events()];
    drop(service.events()); // one that has gone must not disturb the others
    let session = service.open("reader");
    for picture in 0..20 {
        let _ = answer(ask(&session, picture));
    }
    for receiver in &events {
        let mut heard = Vec::new();
        wait_until(|| {
            heard.extend(receiver.try_iter());
            heard.len() >= 20
        });
        heard.sort_unstable();
        assert_same!(
            heard,
            (0..20).collect::<Vec<u64>>(),
            "pictures 0 to 19 were made; a subscriber heard of these"
        );
    }
}

/// What was asked for before the service was dropped is made, and is in the journal. Its
/// writer is stuck with the first line until the service waits for it.
fn the_journal_is_written_to_its_end() {
    let journal = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&journal);
    let (gate, wait) = mpsc::channel::<()>();
    let stuck = Arc::new(AtomicUsize::new(0));
    let first_line = Arc::clone(&stuck);
    let write = move |line: String| {
        lock(&lines).push(line);
        first_line.fetch_add(1, Ordering::SeqCst);
        let _ = wait.recv();
    };
    let made = move |picture| {
        // So that the first line is alone.
        wait_until(|| stuck.load(Ordering::SeqCst) > 0);
        render(picture)
    };
    let service = Service::start(2, made, write);
    let session = service.open("reader");
    let first = ask(&session, 0);
    wait_until(|| !lock(&journal).is_empty());
    let others = [1, 2, BROKEN].map(|picture| ask(&session, picture));
    let dropping = wt_check::spawn("caller", move || drop(service));
    let _ = dropping.wait_asleep();
    drop(gate);
    assert!(
        dropping.join_soon().is_ok(),
        "dropping the service did not come to an end"
    );
    // Whether all is written before the drop returns, or just after, is not asked here.
    settle();
    let mut lines = lock(&journal).clone();
    lines.sort();
    assert_snapshot!("journal", lines.join("\n"));
    drop((first, others));
}

// What it leaves behind.

fn no_thread_is_left() {
    let threads = ThreadCount::start();
    let service = quiet(3);
    let session = service.open("reader");
    let _ = answer(ask(&session, 1));
    gone(service);
    let left = threads.left_behind().len();
    assert!(
        left == 0,
        "a service with 3 workers was dropped; threads that are still there: {left}"
    );
}

/// A session keeps what is shared alive. Who waits for events must not pay for that.
fn receivers_end_while_a_session_is_held() {
    let service = quiet(1);
    let session = service.open("reader");
    let events = service.events();
    let _ = answer(ask(&session, 1));
    gone(service);
    assert!(
        ends(&events),
        "the service was dropped while a session was held: a receiver of its events did not end"
    );
    drop(session);
}

/// Whether it has, once every thread has done all it can do.
fn ends(events: &Receiver<u64>) -> bool {
    settle();
    loop {
        match events.try_recv() {
            Ok(_) => {}
            Err(end) => return end == TryRecvError::Disconnected,
        }
    }
}

/// Waits until every thread has done all it can do for now: the last one counts as
/// asleep only when all others sleep, too.
fn settle() {
    let (done, wait) = mpsc::channel::<()>();
    let last = wt_check::spawn("last", move || {
        let _ = wait.recv();
    });
    let _ = last.wait_asleep();
    drop(done);
    let _ = wait_until(|| last.is_finished());
}

/// What threads and the harness itself may need more than before.
const SLACK: i64 = 24 << 10;

/// Eight services, each with three sessions of 64 KiB.
fn a_service_and_its_sessions_are_freed() {
    let live = growth(2, 8, |_| {
        let service = quiet(1);
        let sessions: Vec<_> = ["a", "b", "c"].map(|name| service.open(name)).into();
        let _ = answer(ask(&sessions[0], 1));
        gone(service);
    });
    assert!(
        live < 8 * SLACK,
        "8 services with 3 sessions each were started and dropped, and most of their memory is still in use"
    );
}

fn closed_sessions_are_not_listed() {
    let service = quiet(1);
    let first = service.open("first");
    let second = service.open("second");
    let third = service.open("third");
    drop(second);
    assert_same!(
        service.sessions(),
        vec!["first".to_owned(), "third".to_owned()],
        "three sessions were opened and the second was dropped; the sessions that are open"
    );
    drop((first, third));
    assert_same!(
        service.sessions(),
        Vec::<String>::new(),
        "all sessions were dropped; the sessions that are open"
    );
}

/// One service, and a thousand sessions that come and go. A place of some 50 bytes
/// for each would be found, also if the session in it is gone.
fn closed_sessions_leave_nothing() {
    let service = quiet(1);
    let kept = service.open("kept");
    let live = growth(100, 1000, |_| drop(service.open("guest")));
    assert!(
        live < SLACK,
        "1000 sessions were opened and dropped while the service ran, and each has left something behind"
    );
    drop(kept);
}

fn answered_requests_leave_nothing() {
    let service = quiet(1);
    let session = service.open("reader");
    let live = growth(1, 6, |_| {
        let tickets: Vec<_> = (0..50).map(|n| ask(&session, n)).collect();
        tickets.into_iter().for_each(|ticket| drop(answer(ticket)));
    });
    assert!(
        live < SLACK,
        "300 requests were answered while the service ran, and each has left something behind"
    );
}

/// The tickets are dropped at once.
fn unwanted_answers_leave_nothing() {
    let service = quiet(1);
    let session = service.open("reader");
    let live = growth(1, 6, |_| {
        (0..50).for_each(|n| drop(ask(&session, n)));
        let _ = answer(ask(&session, 1)); // so that the queue does not grow
    });
    assert!(
        live < SLACK,
        "300 requests were made for which nobody waited, and each has left something behind"
    );
}

fn a_failed_request_is_told() {
    let service = quiet(1);
    let session = service.open("reader");
    let told = answer(ask(&session, BROKEN));
    assert!(
        told.is_none(),
        "making a picture panicked, and its ticket got a picture"
    );
    assert!(
        answer(ask(&session, 1)).is_some(),
        "making a picture panicked, and the next request was not answered"
    );
}

fn failed_requests_leave_nothing() {
    let service = quiet(1);
    let session = service.open("reader");
    let live = growth(1, 6, |_| {
        (0..20).for_each(|_| drop(ask(&session, BROKEN)));
        let _ = answer(ask(&session, 1)); // so that the queue does not grow
    });
    assert!(
        live < SLACK,
        "120 requests failed while the service ran, and each has left something behind"
    );
}

/// Who asked before gets the picture, also if no worker had begun it. Who asks a service
/// that is gone gets an error, and neither a panic nor a long wait.
fn a_session_outlives_its_service() {
    let (gate, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let gated = move |picture| {
        let _ = lock(&wait).recv();
        render(picture)
    };
    let service = Service::start(1, gated, drop);
    let session = service.open("reader");
    let tickets = [1, 2].map(|picture| ask(&session, picture));
    let dropping = wt_check::spawn("caller", move || drop(service));
    let _ = dropping.wait_asleep();
    drop(gate);
    for ticket in tickets {
        assert!(
            answer(ticket).is_some(),
            "a request that was made before the service was dropped was not answered"
        );
    }
    assert!(
        dropping.join_soon().is_ok(),
        "dropping the service did not come to an end"
    );
    let late = soon("`request`", move || session.request(2).is_err());
    assert!(late, "a session of a service that is gone took a request");
}

/// How many bytes more are live after `rounds` rounds, after as many as `warm_up`.
fn growth(warm_up: u64, rounds: u64, mut round: impl FnMut(u64)) -> i64 {
    (0..warm_up).for_each(&mut round);
    let probe = AllocProbe::process();
    (0..rounds).for_each(&mut round);
    // Each round ends with something that has been waited for. The journal's writer may
    // still be behind, and what it has not written yet is no leak.
    settle();
    probe.stats().live
}

/// A service whose journal goes nowhere.
fn quiet(workers: usize) -> Service {
    let lines = AtomicUsize::new(0);
    Service::start(workers, render, move |_| {
        lines.fetch_add(1, Ordering::Relaxed);
    })
}

fn ask(session: &Arc<Session>, picture: u64) -> Ticket {
    match session.request(picture) {
        Ok(ticket) => ticket,
        Err(_) => panic!("a service that is there did not take a request"),
    }
}

/// What the ticket gets, which must be soon: the picture has been asked for.
fn answer(ticket: Ticket) -> Option<Vec<u8>> {
    let (tx, rx) = mpsc::channel();
    WAITER.with(|waiter| {
        let _ = waiter.send((ticket, tx));
    });
    let mut got = None;
    assert!(
        wait_until(|| {
            got = rx.try_recv().ok();
            got.is_some()
        }),
        "a picture was asked for, and its ticket was not answered"
    );
    got.flatten()
}

type Waiting = (Ticket, mpsc::Sender<Option<Vec<u8>>>);

thread_local! {
    /// One thread that waits for tickets, as a thread for each would be slow.
    static WAITER: mpsc::Sender<Waiting> = {
        let (tx, rx) = mpsc::channel::<Waiting>();
        wt_check::spawn("waiter", move || {
            for (ticket, answer) in rx {
                let _ = answer.send(ticket.wait());
            }
        });
        tx
    };
}

/// Drops the service, which has no reason to wait for long.
fn gone(service: Service) {
    soon("dropping the service", move || drop(service));
}

fn soon<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    match wt_check::spawn("caller", f).join_soon() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} did not come to an end"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
