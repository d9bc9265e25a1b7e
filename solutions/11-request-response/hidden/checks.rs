//! Hidden checks of lesson 11.
//!
//! The check is the server. It decides which reply comes when, and it owns the clock,
//! so every order of events is brought about and none is hoped for. Whoever may wait
//! does so on a watched thread.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use request_response::{Call, CallError, Client, Reply, Request};
use wt_check::{
    Activity, FakeClock, ThreadCount, Unjoined, Watched, assert_same, assert_snapshot, check,
    observe, observed, patience, rng, settle, wait_until,
};
use wt_core::channel::{self, Receiver, Sender};
use wt_core::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(replies_reach_their_callers => the_answers),
        check!(an_error_reply_reaches_its_caller),
        check!(who_waits_sleeps),
        check!(a_call_times_out_at_its_deadline),
        check!(expire_ends_every_overdue_call),
        check!(a_late_reply_harms_nobody),
        check!(a_reply_may_come_before_call_returns),
        check!(a_full_wire_does_not_stop_replies),
        check!(nothing_is_kept_of_a_call_that_is_over),
        check!(a_dropped_call_leaves_nothing),
        check!(a_hang_up_ends_the_calls_that_wait),
        check!(a_call_after_the_hang_up_ends_at_once),
        check!(one_thread_for_all_calls),
        check!(the_wire_log),
    ])
}

const CALLERS: usize = 4;
const CALLS_EACH: usize = 6;

/// Four threads ask six questions each, all of which are open before the first
/// reply. The replies come in a random order.
fn replies_reach_their_callers() {
    let server = Server::start();
    let callers: Vec<_> = questions()
        .into_iter()
        .map(|mine| {
            let caller = server.caller.clone();
            wt_check::spawn("caller", move || {
                let calls: Vec<_> = mine.iter().map(|body| caller.call(body, MINUTE)).collect();
                calls.into_iter().map(Call::wait).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut open: Vec<Request> = (0..CALLERS * CALLS_EACH).map(|_| server.take()).collect();
    rng().shuffle(&mut open);
    for Request { id, body } in open {
        server.reply(id, Ok(answer_to(&body)));
    }
    for (number, caller) in callers.into_iter().enumerate() {
        match caller.join_settled() {
            Ok(outcomes) => observe(&format!("what caller {number} got"), outcomes),
            Err(Unjoined::StillRunning) => panic!(
                "all {} requests were answered, and a caller still waited",
                CALLERS * CALLS_EACH
            ),
            Err(Unjoined::Panicked(message)) => panic!("a caller panicked: {message}"),
        }
    }
}

fn the_answers() {
    for (number, mine) in questions().into_iter().enumerate() {
        let outcomes: Vec<Result<String, CallError>> =
            mine.iter().map(|body| Ok(answer_to(body))).collect();
        observe(&format!("what caller {number} got"), outcomes);
    }
}

fn questions() -> Vec<Vec<String>> {
    let mut rng = rng();
    (0..CALLERS)
        .map(|_| {
            (0..CALLS_EACH)
                .map(|_| rng.u32(1000..10000).to_string())
                .collect()
        })
        .collect()
}

fn answer_to(body: &str) -> String {
    body.chars().rev().collect()
}

/// Three calls wait, the one in the middle is refused.
fn an_error_reply_reaches_its_caller() {
    let server = Server::start();
    let waiters = server.waiters(["one", "two", "three"]);
    let ids = [server.take().id, server.take().id, server.take().id];
    server.reply(ids[0], Ok("first".into()));
    server.reply(ids[1], Err("not today".into()));
    server.reply(ids[2], Ok("third".into()));
    let got = waiters.map(outcome);
    assert_same!(
        got,
        ["first", "refused: not today", "third"].map(String::from),
        "three calls were answered in turn, the second with an error; the callers got something else"
    );
}

/// A loop around `try_recv` gives the right answer, too, and takes a core for it.
fn who_waits_sleeps() {
    let server = Server::start();
    let waiter = server.waiter("anything");
    let id = server.take().id;
    let asleep = settle();
    assert!(
        !waiter.is_finished(),
        "`wait` returned before there was a reply"
    );
    assert!(asleep, "`wait` kept running instead of sleeping");
    server.reply(id, Ok("something".into()));
    let got = outcome(waiter);
    assert!(
        got == "something",
        "a caller slept until its reply came, and got: {got}"
    );
}

/// The call is made when the client is an hour old, so that a deadline that counts
/// from another moment shows.
fn a_call_times_out_at_its_deadline() {
    let server = Server::start();
    server.clock.advance(60 * MINUTE);
    let waiter = server.waiter("anything");
    server.take();
    server.clock.advance(MINUTE - Duration::from_millis(1));
    let early = server.expire();
    assert!(
        early == 0,
        "`expire` ended {early} call(s) 1 ms before the only deadline"
    );
    assert!(
        waiter.wait_asleep() != Activity::Finished,
        "`wait` returned 1 ms before the deadline, although no reply had come"
    );
    server.clock.advance(Duration::from_millis(1));
    let due = server.expire();
    assert!(
        due == 1,
        "the client's clock stood at the deadline of the only call, and `expire` ended {due} calls"
    );
    let got = outcome(waiter);
    assert!(
        got == "timed out",
        "`expire` ended a call at its deadline, and the caller got: {got}"
    );
}

/// Deadlines come in another order than calls, and two at once.
fn expire_ends_every_overdue_call() {
    let server = Server::start();
    let timeouts = [50, 10, 40, 10, 20].map(|seconds| seconds * SECOND);
    let waiters: Vec<_> = timeouts
        .iter()
        .map(|timeout| {
            let waiter = server.waiter_for("anything", *timeout);
            server.take();
            waiter
        })
        .collect();
    server.clock.advance(30 * SECOND);
    let ended = server.expire();
    assert!(
        ended == 3,
        "5 calls had 50, 10, 40, 10 and 20 s; after 30 s one `expire` ended {ended} of them, not 3"
    );
    // Each of the three is known to be over before the others are looked at.
    let (due, rest): (Vec<_>, Vec<_>) = timeouts
        .iter()
        .zip(waiters)
        .partition(|(timeout, _)| **timeout <= 30 * SECOND);
    for (_, waiter) in due {
        let got = outcome(waiter);
        assert!(
            got == "timed out",
            "a call was overdue when `expire` came, and its caller got: {got}"
        );
    }
    let early = rest
        .iter()
        .filter(|(_, waiter)| waiter.is_finished())
        .count();
    assert!(
        early == 0,
        "`expire` ended {early} call(s) whose deadline was still to come"
    );
    server.clock.advance(20 * SECOND);
    server.expire();
    for (_, waiter) in rest {
        let got = outcome(waiter);
        assert!(
            got == "timed out",
            "a call was overdue when `expire` came again, and its caller got: {got}"
        );
    }
}

/// Three replies that nobody waits for, and then the one that somebody does.
fn a_late_reply_harms_nobody() {
    let server = Server::start();
    let first = server.waiter("first");
    let first_id = server.take().id;
    server.clock.advance(MINUTE);
    server.expire();
    let got = outcome(first);
    assert!(
        got == "timed out",
        "no reply came to the first call, `expire` was called at its deadline, and the caller got: {got}"
    );
    let second = server.waiter("second");
    let second_id = server.take().id;
    server.reply(first_id, Ok("too late".into()));
    server.reply(first_id, Ok("too late, and twice".into()));
    server.reply(1_000_000, Ok("for nobody".into()));
    server.reply(second_id, Ok("in time".into()));
    let got = outcome(second);
    assert!(
        got == "in time",
        "three stray replies came, then the reply to the only open call; its caller got: {got}"
    );
}

/// The wire has room for one request and holds one, so the second call is still inside
/// `send` when its reply comes. A server that is fast does the same: it takes the
/// request and answers before the sending thread has run again.
fn a_reply_may_come_before_call_returns() {
    let server = Server::over(channel::bounded(1));
    let first = server.call("first");
    server.wire_is_full();
    let second = server.waiter("second");
    let asleep = second.wait_asleep();
    assert!(
        asleep == Activity::Asleep,
        "a call on a wire without room for its request did not wait for room"
    );
    server.reply(2, Ok("at once".into()));
    // The next call has its reply only when that one has been dealt with.
    server.reply(1, Ok("first".into()));
    let got = outcome(waiter_of(first));
    assert!(
        got == "first",
        "the reply to the first call came while the second waited for room, and the first got: {got}"
    );
    let ids = [server.take().id, server.take().id];
    assert!(
        ids == [1, 2],
        "the first two requests had the numbers {ids:?}, not 1 and 2"
    );
    server.expire_if_late(&second);
    let got = outcome(second);
    assert!(
        got == "at once",
        "a reply came while its `call` was still sending, and the caller got: {got}"
    );
}

/// A client that keeps its list locked while it waits for room stops everybody: the
/// server, which waits for its reply to be taken, and so the room that it waits for.
fn a_full_wire_does_not_stop_replies() {
    let server = Server::over(channel::bounded(1));
    let first = server.call("first");
    server.wire_is_full();
    let second = server.waiter("second");
    let asleep = second.wait_asleep();
    assert!(
        asleep == Activity::Asleep,
        "a call on a wire without room for its request did not wait for room"
    );
    server.reply(1, Ok("first".into()));
    let first = waiter_of(first);
    let answered = first.wait_asleep() == Activity::Finished;
    let clerk = server.caller.clone();
    let clerk = wt_check::spawn("clerk", move || clerk.client.expire());
    let swept = clerk.wait_asleep() == Activity::Finished;
    // Room at last, so that nobody is left behind.
    let ids = [server.take().id, server.take().id];
    server.reply(ids[1], Ok("second".into()));
    assert!(
        answered,
        "one call waited for room on the wire, and the reply to another did not reach its caller"
    );
    assert!(
        swept,
        "one call waited for room on the wire, and `expire` did not return"
    );
    let got = [first, second].map(outcome);
    assert!(
        got == ["first", "second"],
        "two calls were answered in turn, and their callers got: {got:?}"
    );
}

fn nothing_is_kept_of_a_call_that_is_over() {
    let server = Server::start();
    let waiters = server.waiters(["answered", "refused", "timed out"]);
    let open = server.pending();
    assert!(
        open == 3,
        "three calls waited for their replies, and `pending` said {open}"
    );
    let ids = [server.take().id, server.take().id, server.take().id];
    let [answered, refused, overdue] = waiters;
    server.reply(ids[0], Ok("yes".into()));
    server.ended(answered, 2, "answered");
    server.reply(ids[1], Err("no".into()));
    server.ended(refused, 1, "refused");
    server.clock.advance(MINUTE);
    server.expire();
    server.ended(overdue, 0, "timed out");
}

/// The caller gives up, which no reply and no deadline tells.
fn a_dropped_call_leaves_nothing() {
    let server = Server::start();
    drop(server.call("never mind"));
    server.take();
    let open = server.pending();
    assert!(
        open == 0,
        "the only call was dropped, and `pending` said {open}"
    );
}

/// The server still holds the requests when it stops to answer: only the end of the
/// replies tells.
fn a_hang_up_ends_the_calls_that_wait() {
    let mut server = Server::start();
    let waiters = server.waiters(["one", "two", "three"]);
    for _ in 0..3 {
        server.take();
    }
    server.hang_up();
    for waiter in waiters {
        let got = outcome(waiter);
        assert!(
            got == "disconnected",
            "a call waited when the server went away, and its caller got: {got}"
        );
    }
    let open = server.pending();
    assert!(
        open == 0,
        "the server went away, and `pending` still said {open}"
    );
}

/// Two ways to be gone: nobody sends replies any more, or nobody takes requests.
fn a_call_after_the_hang_up_ends_at_once() {
    let threads = ThreadCount::start();
    let mut server = Server::start();
    server.hang_up();
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "no reply could come any more, and the thread that takes replies did not end"
    );
    let got = outcome(server.waiter("no replies"));
    assert!(
        got == "disconnected",
        "a call was made when no reply could come any more, and the caller got: {got}"
    );
    let mut server = Server::start();
    server.refuse_requests();
    let got = outcome(server.waiter("no requests"));
    assert!(
        got == "disconnected",
        "a call was made when nobody took requests any more, and the caller got: {got}"
    );
    let open = server.pending();
    assert!(
        open == 0,
        "nobody took the request of the only call, and `pending` said {open}"
    );
}

fn one_thread_for_all_calls() {
    let threads = ThreadCount::start();
    let mut server = Server::start();
    let caller = server.caller.clone();
    let caller = wt_check::spawn("caller", move || {
        let calls: Vec<_> = (0..50).map(|_| caller.call("anything", MINUTE)).collect();
        calls
            .into_iter()
            .map(Call::wait)
            .filter(Result::is_ok)
            .count()
    });
    let ids: Vec<u64> = (0..50).map(|_| server.take().id).collect();
    let extra = threads.extra();
    for id in ids {
        server.reply(id, Ok("something".into()));
    }
    let answered = caller.join_settled();
    assert!(
        answered == Ok(50),
        "50 calls were open at once and all were answered, but their callers did not get 50 answers"
    );
    assert!(
        extra <= 1,
        "the client had started {extra} threads while 50 calls were open"
    );
    server.hang_up();
    drop(server);
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "client and server were gone, and {} thread(s) still lived",
        left.len()
    );
}

/// What passes over the wire, in the words of a log. The log ends where a caller waits
/// in vain.
fn the_wire_log() {
    let mut log = Log::new(Server::start());
    let _ = script(&mut log);
    assert_snapshot!("wire_log", log.text);
}

fn script(log: &mut Log) -> Option<()> {
    let tea = log.call("price of tea", 5 * SECOND);
    let coffee = log.call("price of coffee", MINUTE);
    let gold = log.call("price of gold", MINUTE);
    log.reply(2, Ok("4".into()));
    log.ended("coffee", coffee)?;
    log.reply(3, Err("not for sale".into()));
    log.ended("gold", gold)?;
    log.advance(5 * SECOND);
    log.ended("tea", tea)?;
    let milk = log.call("price of milk", MINUTE);
    log.reply(1, Ok("3".into()));
    log.reply(4, Ok("1".into()));
    log.ended("milk", milk)
}

/// Plays the script of [`the_wire_log`] and writes down what happened.
struct Log {
    server: Server,
    text: String,
}

impl Log {
    fn new(server: Server) -> Self {
        let text = String::new();
        Self { server, text }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a String takes what it is given");
    }

    fn call(&mut self, body: &str, timeout: Duration) -> Watched<String> {
        let waiter = self.server.waiter_for(body, timeout);
        let Request { id, body } = self.server.take();
        self.line(format_args!("--> {id} {body}, within {timeout:?}"));
        waiter
    }

    fn reply(&mut self, id: u64, outcome: Result<String, String>) {
        self.line(format_args!("<-- {id} {outcome:?}"));
        self.server.reply(id, outcome);
    }

    fn advance(&mut self, by: Duration) {
        self.server.clock.advance(by);
        let ended = self.server.expire();
        self.line(format_args!("    {by:?} pass, expire ends {ended}"));
    }

    fn ended(&mut self, name: &str, waiter: Watched<String>) -> Option<()> {
        let got = outcome(waiter);
        self.line(format_args!("    {name}: {got}"));
        (got != STILL_WAITED).then_some(())
    }
}

/// The client, with a count of the calls that have returned: what happens to a reply that
/// is faster than its call is one check's affair, and no other's.
#[derive(Clone)]
struct Caller {
    client: Arc<Client>,
    returned: Arc<AtomicUsize>,
}

impl Caller {
    fn call(&self, body: &str, timeout: Duration) -> Call {
        let call = self.client.call(body, timeout);
        self.returned.fetch_add(1, Ordering::SeqCst);
        call
    }
}

/// The other end of the wire, with the client on this one.
struct Server {
    caller: Caller,
    /// How many requests have been taken.
    taken: AtomicUsize,
    clock: FakeClock,
    requests: Option<Receiver<Request>>,
    replies: Option<Sender<Reply>>,
}

impl Server {
    /// On a wire with room for all that a check sends.
    fn start() -> Self {
        Self::over(channel::unbounded())
    }

    fn over((to_server, requests): (Sender<Request>, Receiver<Request>)) -> Self {
        let (replies, from_server) = channel::unbounded();
        let clock = FakeClock::new();
        let client = Client::connect(to_server, from_server, Arc::new(clock.clone()));
        Self {
            caller: Caller {
                client: Arc::new(client),
                returned: Arc::default(),
            },
            taken: AtomicUsize::new(0),
            clock,
            requests: Some(requests),
            replies: Some(replies),
        }
    }

    /// The next request, once its `call` has returned.
    fn take(&self) -> Request {
        let requests = self.requests.as_ref().expect("the check takes requests");
        let request = requests
            .recv_timeout(patience())
            .unwrap_or_else(|_| panic!("a call was made, and no request came over the wire"));
        let taken = self.taken.fetch_add(1, Ordering::SeqCst) + 1;
        wait_until(|| self.caller.returned.load(Ordering::SeqCst) >= taken);
        request
    }

    fn reply(&self, id: u64, outcome: Result<String, String>) {
        let replies = self.replies.as_ref().expect("the check sends replies");
        // Who takes no more replies is seen by what becomes of the calls.
        let _ = replies.send(Reply { id, outcome });
    }

    /// Sends no more replies.
    fn hang_up(&mut self) {
        self.replies = None;
    }

    /// Takes no more requests.
    fn refuse_requests(&mut self) {
        self.requests = None;
    }

    /// Waits until the wire has no more room.
    fn wire_is_full(&self) {
        let requests = self.requests.as_ref().expect("the check takes requests");
        assert!(
            wait_until(|| requests.is_full()),
            "a call was made, and no request came over the wire"
        );
    }

    fn waiter(&self, body: &str) -> Watched<String> {
        self.waiter_for(body, MINUTE)
    }

    /// A call that nobody waits for yet.
    fn call(&self, body: &str) -> Call {
        let (caller, body) = (self.caller.clone(), body.to_owned());
        soon("`call` on a wire with room", move || {
            caller.call(&body, MINUTE)
        })
    }

    /// A thread that makes a call and waits for its end.
    fn waiter_for(&self, body: &str, timeout: Duration) -> Watched<String> {
        let (caller, body) = (self.caller.clone(), body.to_owned());
        wt_check::spawn("caller", move || told(caller.call(&body, timeout).wait()))
    }

    /// Three of them, in this order, once all three requests are on the wire.
    fn waiters(&self, bodies: [&str; 3]) -> [Watched<String>; 3] {
        let requests = self.requests.as_ref().expect("the check takes requests");
        let mut before = requests.len();
        bodies.map(|body| {
            let waiter = self.waiter(body);
            before += 1;
            assert!(
                wait_until(|| requests.len() == before),
                "a call was made, and no request came over the wire"
            );
            waiter
        })
    }

    fn expire(&self) -> usize {
        let client = Arc::clone(&self.caller.client);
        soon("`expire`", move || client.expire())
    }

    /// Does not let a caller wait for a reply that is lost: it shall time out and say so.
    fn expire_if_late(&self, waiter: &Watched<String>) {
        let _ = waiter.wait_asleep();
        self.clock.advance(MINUTE);
        self.expire();
    }

    fn pending(&self) -> usize {
        let client = Arc::clone(&self.caller.client);
        soon("`pending`", move || client.pending())
    }

    /// The call is over for its caller, and then for the client, too.
    fn ended(&self, waiter: Watched<String>, expected: usize, how: &str) {
        outcome(waiter);
        let open = self.pending();
        assert!(
            open == expected,
            "a call was {how}, {expected} others were open, and `pending` said {open}"
        );
    }
}

/// A thread that waits for the end of a call.
fn waiter_of(call: Call) -> Watched<String> {
    wt_check::spawn("caller", move || told(call.wait()))
}

/// What the caller got, in words.
fn told(got: Result<String, CallError>) -> String {
    match got {
        Ok(text) => text,
        Err(CallError::Refused(reason)) => format!("refused: {reason}"),
        Err(CallError::TimedOut) => "timed out".into(),
        Err(CallError::Disconnected) => "disconnected".into(),
    }
}

const STILL_WAITED: &str = "nothing, it still waited";

/// What a caller got whose call must be over by now.
fn outcome(waiter: Watched<String>) -> String {
    match waiter.join_settled() {
        Ok(text) => text,
        Err(Unjoined::StillRunning) => STILL_WAITED.into(),
        Err(Unjoined::Panicked(message)) => format!("a panic: {message}"),
    }
}

/// Runs something that has no reason to wait.
fn soon<T: Send + 'static>(what: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    match wt_check::spawn("caller", f).join_settled() {
        Ok(value) => value,
        Err(Unjoined::StillRunning) => panic!("{what} had no reason to wait, and did not return"),
        Err(Unjoined::Panicked(message)) => panic!("{what} panicked: {message}"),
    }
}
