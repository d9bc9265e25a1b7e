//! Hidden checks of lesson 10.
//!
//! Whatever may wait runs on a watched thread. That it waits is what the kernel says;
//! that it was woken is that it returns.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use duplex_port::{Absent, Port, introduce, pair};
use wt_check::{
    Activity, ThreadCount, Unjoined, Watched, assert_snapshot, check, observe, observed, rng,
};
use wt_core::channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError,
};

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(messages_go_both_ways_in_order => what_was_sent),
        check!(send_waits_while_there_is_no_room),
        check!(recv_waits_for_a_message),
        check!(one_thread_sends_while_another_receives),
        check!(the_try_variants_answer_at_once),
        check!(the_timeout_variants_give_up),
        check!(what_was_sent_before_the_hang_up_arrives),
        check!(a_hang_up_wakes_a_waiting_receiver),
        check!(a_hang_up_wakes_a_waiting_sender),
        check!(sending_after_the_hang_up_is_an_error),
        check!(a_port_travels_through_a_port),
        check!(introduced_workers_talk_directly),
        check!(an_absent_worker_is_reported),
    ])
}

/// Time enough for everything, and never used up.
const AN_HOUR: Duration = Duration::from_secs(3600);

/// Numbers there, texts back, all of them under way before the first is read.
fn messages_go_both_ways_in_order() {
    let (numbers, texts) = random_messages();
    let (left, right) = pair::<u32, String>(numbers.len());
    let count = numbers.len();
    let (there, back) = soon("`send` into a port with room, then `recv`,", move || {
        for (number, text) in numbers.into_iter().zip(texts) {
            let _ = left.send(number);
            let _ = right.send(text);
        }
        let there: Vec<_> = (0..count).map(|_| right.recv().ok()).collect();
        let back: Vec<_> = (0..count).map(|_| left.recv().ok()).collect();
        (there, back)
    });
    observe("received on the right", there);
    observe("received on the left", back);
}

fn what_was_sent() {
    let (numbers, texts) = random_messages();
    observe(
        "received on the right",
        numbers.into_iter().map(Some).collect::<Vec<_>>(),
    );
    observe(
        "received on the left",
        texts.into_iter().map(Some).collect::<Vec<_>>(),
    );
}

/// As many numbers as texts.
fn random_messages() -> (Vec<u32>, Vec<String>) {
    let mut rng = rng();
    let numbers: Vec<u32> = (0..12).map(|_| rng.u32(..1000)).collect();
    let texts = (0..12).map(|_| rng.lowercase().to_string()).collect();
    (numbers, texts)
}

/// Each direction has its own places: both sides fill theirs, and both wait. Then a
/// place is made on each side.
fn send_waits_while_there_is_no_room() {
    let (left, right) = shared(pair::<u32, u32>(2));
    let senders = [&left, &right].map(|port| sender(port, 3));
    for sender in &senders {
        waits(
            sender,
            "the third `send` at a port of capacity 2, of which nobody receives,",
        );
    }
    let (there, back) = (Arc::clone(&right), Arc::clone(&left));
    let (first, second) = soon("`recv` of what was sent", move || {
        (there.recv(), back.recv())
    });
    assert!(
        (first, second) == (Ok(0), Ok(0)),
        "0, 1 and 2 were sent in each direction, and `recv` returned {first:?} and {second:?} first"
    );
    for sender in senders {
        match sender.join_soon() {
            Ok(answers) => assert!(
                answers == [Ok(()); 3],
                "room was made for the third message, and the three calls of `send` returned {answers:?}"
            ),
            Err(why) => panic!("{}", told("a `send` for which room was made", &why)),
        }
    }
}

fn recv_waits_for_a_message() {
    let (left, right) = shared(pair::<u32, u32>(2));
    let receiver = receiver(&right);
    waits(&receiver, "`recv` at a port to which nothing had been sent");
    let _ = sender(&left, 1);
    match receiver.join_soon() {
        Ok(got) => assert!(
            got == Ok(0),
            "`recv` waited for message 0, then returned {got:?}"
        ),
        Err(why) => panic!("{}", told("a `recv` for which a message was sent", &why)),
    }
}

/// A port may be shared. Whoever waits in it must not keep the other direction.
fn one_thread_sends_while_another_receives() {
    let (left, right) = shared(pair::<u32, u32>(2));
    let waiting = receiver(&left);
    let _ = waiting.wait_asleep();
    match sender(&left, 1).join_soon() {
        Ok(answers) => assert!(
            answers == [Ok(())],
            "`send` at a port with room returned {answers:?}"
        ),
        Err(Unjoined::StillRunning) => {
            panic!("one thread waited in `recv`, and another could not `send` at the same port")
        }
        Err(why) => panic!("{}", told("`send`", &why)),
    }
    let got = soon("`recv` of what was sent", move || {
        let got = right.recv();
        let _ = right.send(6);
        got
    });
    assert!(got == Ok(0), "0 was sent, and `recv` returned {got:?}");
    let got = waiting.join_soon();
    assert!(
        got == Ok(Ok(6)),
        "6 was sent to a port that waited for it, and it got {got:?}"
    );
}

/// A conversation, with every answer that a try variant has.
fn the_try_variants_answer_at_once() {
    let log = soon("a call of `try_send` or `try_recv`", || {
        let (left, right) = pair::<u32, char>(2);
        let mut log = vec![
            format!("left  recv    {}", try_received(left.try_recv())),
            format!("left  send 1  {}", try_sent(left.try_send(1))),
            format!("left  send 2  {}", try_sent(left.try_send(2))),
            format!("left  send 3  {}", try_sent(left.try_send(3))),
            format!("right send a  {}", try_sent(right.try_send('a'))),
            format!("right recv    {}", try_received(right.try_recv())),
            format!("left  send 4  {}", try_sent(left.try_send(4))),
            format!("right send b  {}", try_sent(right.try_send('b'))),
            format!("right send c  {}", try_sent(right.try_send('c'))),
            format!("left  recv    {}", try_received(left.try_recv())),
        ];
        drop(right);
        log.push("right hangs up".into());
        log.push(format!("left  send 5  {}", try_sent(left.try_send(5))));
        log.push(format!("left  recv    {}", try_received(left.try_recv())));
        log.push(format!("left  recv    {}", try_received(left.try_recv())));
        log.join("\n")
    });
    assert_snapshot!("tries", log);
}

/// Only the least that a timeout takes can be measured; how much more is the machine's
/// affair. Nothing here waits longer than a few hundredths of a second.
fn the_timeout_variants_give_up() {
    let time = Duration::from_millis(20);
    let (left, right) = shared(pair::<u32, u32>(1));
    let port = Arc::clone(&left);
    let (received, sent) = soon("`recv_timeout` or `send_timeout` of 20 ms", move || {
        let received = timed(|| port.recv_timeout(time));
        let _ = port.send(0);
        (received, timed(|| port.send_timeout(8, time)))
    });
    assert!(
        received.0 == Err(RecvTimeoutError::Timeout),
        "nothing was sent for 20 ms, and `recv_timeout` returned {:?}",
        received.0
    );
    assert!(
        received.1 >= time,
        "`recv_timeout` of 20 ms gave up before its time"
    );
    assert!(
        sent.0 == Err(SendTimeoutError::Timeout(8)),
        "there was no room for 20 ms, and `send_timeout` of 8 returned {:?}",
        sent.0
    );
    assert!(
        sent.1 >= time,
        "`send_timeout` of 20 ms gave up before its time"
    );
    // The other ways in which such a call ends.
    let (port, other) = (Arc::clone(&left), Arc::clone(&right));
    let sender = wt_check::spawn("sender", move || port.send_timeout(9, AN_HOUR));
    let receiver = wt_check::spawn("receiver", move || {
        (0..2)
            .map(|_| other.recv_timeout(AN_HOUR))
            .collect::<Vec<_>>()
    });
    let sent = sender
        .join_soon()
        .unwrap_or_else(|why| panic!("{}", told("`send_timeout` for which there was room", &why)));
    assert!(
        sent == Ok(()),
        "room was made within the hour, and `send_timeout` returned {sent:?}"
    );
    let got = receiver
        .join_soon()
        .unwrap_or_else(|why| panic!("{}", told("`recv_timeout` of what was sent", &why)));
    assert!(
        got == [Ok(0), Ok(9)],
        "0 and 9 were sent within the hour, and `recv_timeout` returned {got:?}"
    );
    let receiver = wt_check::spawn("receiver", move || left.recv_timeout(AN_HOUR));
    let _ = receiver.wait_asleep();
    drop(right);
    let got = receiver
        .join_soon()
        .unwrap_or_else(|why| panic!("{} after the hang-up", told("`recv_timeout`", &why)));
    assert!(
        got == Err(RecvTimeoutError::Disconnected),
        "the other side hung up within the hour, and `recv_timeout` returned {got:?}"
    );
}

/// A worker that sends its last result and ends has not lost it.
fn what_was_sent_before_the_hang_up_arrives() {
    let (left, right) = pair::<u32, u32>(4);
    let (answers, end) = soon("`recv` after the hang-up", move || {
        for message in 0..4 {
            let _ = right.send(message);
        }
        drop(right);
        let first = left.recv().ok();
        let answers = [
            first,
            left.try_recv().ok(),
            left.recv_timeout(AN_HOUR).ok(),
            left.iter().next(),
        ];
        (answers, left.recv())
    });
    assert!(
        answers == [Some(0), Some(1), Some(2), Some(3)],
        "0 to 3 were sent, then the other side hung up; recv, try_recv, recv_timeout and iter gave {answers:?}"
    );
    assert!(
        end == Err(RecvError),
        "the other side had hung up and nothing was left, and `recv` returned {end:?}"
    );
}

fn a_hang_up_wakes_a_waiting_receiver() {
    for first_half in [false, true] {
        let (left, right) = pair::<u32, u32>(1);
        let receiver = if first_half {
            hang_up_on("`recv`", left, right, |port| port.recv().is_err())
        } else {
            hang_up_on("`recv`", right, left, |port| port.recv().is_err())
        };
        match receiver.join_soon() {
            Ok(disconnected) => assert!(
                disconnected,
                "the other side hung up, and `recv` returned a message that nobody sent"
            ),
            Err(Unjoined::StillRunning) => {
                panic!("the other side hung up, and `recv` was still waiting")
            }
            Err(why) => panic!("{}", told("`recv`", &why)),
        }
    }
}

fn a_hang_up_wakes_a_waiting_sender() {
    for first_half in [false, true] {
        let (left, right) = pair::<u32, u32>(1);
        let send = |port: Port<u32, u32>| {
            let _ = port.send(1);
            port.send(2)
        };
        let sender = if first_half {
            hang_up_on("`send` at a full port", left, right, send)
        } else {
            hang_up_on("`send` at a full port", right, left, send)
        };
        match sender.join_soon() {
            Ok(answer) => assert!(
                answer == Err(SendError(2)),
                "2 waited for room when the other side hung up, and `send` returned {answer:?}"
            ),
            Err(Unjoined::StillRunning) => {
                panic!("the other side hung up, and `send` was still waiting for room")
            }
            Err(why) => panic!("{}", told("`send`", &why)),
        }
    }
}

/// With room, so that a port which looks only for room takes the message for nobody.
/// And without: then it waits for nobody.
fn sending_after_the_hang_up_is_an_error() {
    for sent in [0, 2] {
        let (left, right) = pair::<u32, u32>(2);
        let answers = soon("`send` after the hang-up", move || {
            for message in 0..sent {
                let _ = left.send(message);
            }
            drop(right);
            (
                left.send(7),
                left.try_send(8),
                left.send_timeout(9, AN_HOUR),
            )
        });
        let expected = (
            Err(SendError(7)),
            Err(TrySendError::Disconnected(8)),
            Err(SendTimeoutError::Disconnected(9)),
        );
        assert!(
            answers == expected,
            "the other side had hung up with {sent} of 2 places taken; `send(7)`, `try_send(8)` and `send_timeout(9)` returned {answers:?}"
        );
    }
}

/// The maker sends one end away, hands the other one over, and ends before either
/// is used.
fn a_port_travels_through_a_port() {
    let threads = ThreadCount::start();
    let (main, worker) = pair::<Port<u32, String>, ()>(1);
    let asks = soon("`send` of a port through a port", move || {
        let (answers, asks) = pair::<u32, String>(1);
        let _ = main.send(answers);
        asks
    });
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "a port was made, and {} thread(s) were still there after its maker had ended",
        left.len()
    );
    // It sleeps at its new place already, so that it must be woken there.
    let answerer = wt_check::spawn("answerer", move || {
        let answers = worker.recv().ok()?;
        let text = answers.recv();
        let _ = answers.send(42);
        Some(text)
    });
    let _ = answerer.wait_asleep();
    let end = soon("`send` or `recv` at the other side of it", move || {
        let _ = asks.send("what?".to_owned());
        (asks.recv(), asks.recv())
    });
    let text = answerer
        .join_soon()
        .unwrap_or_else(|why| panic!("{}", told("`recv` at a port that has travelled", &why)));
    let Some(text) = text else {
        panic!("a port was sent, then its sender hung up, and the port did not arrive")
    };
    assert!(
        text.as_deref() == Ok("what?"),
        "\"what?\" was sent to a port that has travelled, and it got {text:?}"
    );
    assert!(
        end == (Ok(42), Err(RecvError)),
        "42 was sent back, then that side hung up, and two calls of `recv` returned {end:?}"
    );
}

/// Both workers wait in line before anybody introduces them, and the introducer ends.
fn introduced_workers_talk_directly() {
    let threads = ThreadCount::start();
    let (to_one, one) = pair::<Port<u32, String>, ()>(1);
    let (to_other, other) = pair::<Port<String, u32>, ()>(1);
    let introduced = soon("`introduce`", move || introduce(&to_one, &to_other, 2));
    assert!(
        introduced == Ok(()),
        "both workers were there, and `introduce` returned {introduced:?}"
    );
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "two workers were introduced, and {} more thread(s) stayed",
        left.len()
    );
    let talked = soon("`send` or `recv` at the new ports", move || {
        let (one, other) = (one.recv().ok()?, other.recv().ok()?);
        let _ = one.send(3);
        let text = "x".repeat(other.recv().unwrap_or(0) as usize);
        let _ = other.send(text);
        // As many places as were asked for.
        let room = (0..4)
            .filter(|&number| one.try_send(number).is_ok())
            .count();
        Some((one.recv(), room))
    });
    let Some((got, room)) = talked else {
        panic!("two workers were introduced, and not each of them got a port")
    };
    assert!(
        got.as_deref() == Ok("xxx"),
        "3 was sent, and that many x were to come back; `recv` returned {got:?}"
    );
    assert!(
        room == 2,
        "the new ports were to have capacity 2, and {room} of 4 messages found room"
    );
}

fn an_absent_worker_is_reported() {
    for absent in ["first", "second"] {
        let (to_one, one) = pair::<Port<u8, u8>, ()>(1);
        let (to_other, other) = pair::<Port<u8, u8>, ()>(1);
        let present = if absent == "first" {
            drop(one);
            other
        } else {
            drop(other);
            one
        };
        let answer = soon("`introduce`", move || introduce(&to_one, &to_other, 1));
        assert!(
            answer == Err(Absent),
            "the {absent} of two workers had hung up, and `introduce` returned {answer:?}"
        );
        // Whether the other one has got an end already is left open.
        let end = soon("`recv` of a port that nobody is at", move || {
            present.recv().map(|port| port.recv())
        });
        assert!(
            end.is_err() || end == Ok(Err(RecvError)),
            "the {absent} of two workers had hung up, and the other one got a message from it"
        );
    }
}

/// A thread that waits at `port`; when it sleeps, `other` hangs up.
fn hang_up_on<T: Send + 'static>(
    call: &str,
    port: Port<u32, u32>,
    other: Port<u32, u32>,
    wait: impl FnOnce(Port<u32, u32>) -> T + Send + 'static,
) -> Watched<T> {
    let waiter = wt_check::spawn("waiter", move || wait(port));
    waits(&waiter, call);
    drop(other);
    waiter
}

type Shared = Arc<Port<u32, u32>>;

fn shared((left, right): (Port<u32, u32>, Port<u32, u32>)) -> (Shared, Shared) {
    (Arc::new(left), Arc::new(right))
}

/// Sends 0, 1 and so on.
fn sender(port: &Shared, messages: u32) -> Watched<Vec<Result<(), SendError<u32>>>> {
    let port = Arc::clone(port);
    wt_check::spawn("sender", move || {
        (0..messages).map(|message| port.send(message)).collect()
    })
}

fn receiver(port: &Shared) -> Watched<Result<u32, RecvError>> {
    let port = Arc::clone(port);
    wt_check::spawn("receiver", move || port.recv())
}

/// What the call returns, which must be soon.
fn soon<T: Send + 'static>(call: &str, f: impl FnOnce() -> T + Send + 'static) -> T {
    wt_check::spawn("caller", f)
        .join_soon()
        .unwrap_or_else(|why| panic!("{}", told(call, &why)))
}

fn told(call: &str, why: &Unjoined) -> String {
    match why {
        Unjoined::StillRunning => format!("{call} did not return"),
        Unjoined::Panicked(message) => format!("{call} panicked with \"{message}\""),
    }
}

/// Asserts that the thread sleeps: neither has it returned, nor does it ask again and
/// again.
fn waits<T>(thread: &Watched<T>, call: &str) {
    match thread.wait_asleep() {
        Activity::Asleep => {}
        Activity::Finished => panic!("{call} returned instead of waiting"),
        Activity::Running => panic!("{call} kept running instead of sleeping"),
    }
}

fn timed<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (call(), start.elapsed())
}

fn try_sent<T: std::fmt::Display>(answer: Result<(), TrySendError<T>>) -> String {
    match answer {
        Ok(()) => "sent".into(),
        Err(TrySendError::Full(message)) => format!("Full({message})"),
        Err(TrySendError::Disconnected(message)) => format!("Disconnected({message})"),
    }
}

fn try_received<T: std::fmt::Display>(answer: Result<T, TryRecvError>) -> String {
    match answer {
        Ok(message) => format!("{message}"),
        Err(TryRecvError::Empty) => "Empty".into(),
        Err(TryRecvError::Disconnected) => "Disconnected".into(),
    }
}
