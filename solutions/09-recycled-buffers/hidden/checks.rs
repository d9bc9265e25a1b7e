//! Hidden checks of lesson 09.
//!
//! Allocated bytes tell whether a buffer came home, and addresses which one came again.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use recycled_buffers::{Recycler, double_buffered};
use wt_check::{
    Activity, AllocProbe, Rendezvous, Unjoined, Watched, assert_snapshot, check, observe, observed,
    rng,
};

fn main() -> ExitCode {
    wt_check::run(&[
        check!(a_thousand_rounds_take_two_allocations),
        check!(a_buffer_comes_home_empty),
        check!(a_taken_buffer_has_room),
        check!(no_two_hold_the_same_buffer),
        check!(take_waits_for_a_buffer_to_come_home),
        check!(try_take_answers_at_once),
        check!(a_panicking_holder_loses_no_buffer),
        check!(everything_is_freed_at_the_end),
        observed!(what_was_filled_is_consumed_in_order => what_was_filled),
        check!(filling_and_consuming_overlap),
        check!(double_buffering_takes_no_more_memory),
        check!(a_panicking_consumer_ends_it),
        check!(a_panicking_filler_ends_it),
        check!(the_log_of_two_buffers_looks_as_it_must),
    ])
}

const KIB: usize = 1 << 10;
/// Room of a buffer.
const ROOM: usize = 64 * KIB;

fn a_thousand_rounds_take_two_allocations() {
    let bytes = soon("1000 rounds of `take`", || {
        let probe = AllocProbe::thread();
        let buffers = Recycler::new(2, ROOM);
        for round in 0..500 {
            let mut first = buffers.take();
            let mut second = buffers.take();
            first.resize(ROOM, round as u8);
            second.resize(KIB, round as u8);
        }
        probe.stats().bytes as usize
    });
    // What the handles and lists need is little, and does not count.
    assert!(
        bytes < 3 * ROOM,
        "1000 rounds with 2 buffers of 64 KiB allocated {} KiB, and 128 KiB would do",
        bytes / KIB
    );
}

/// A buffer full of somebody's password is not empty because it is said to be.
fn a_buffer_comes_home_empty() {
    let found = soon("`take` of a buffer that is home", || {
        let buffers = Recycler::new(1, KIB);
        buffers.take().extend_from_slice(b"a secret");
        buffers.take().len()
    });
    assert!(
        found == 0,
        "a buffer with 8 bytes was dropped, and the next `take` got one with {found} bytes in it"
    );
}

/// Also after somebody took the `Vec` out of its wrapping and went away with it.
fn a_taken_buffer_has_room() {
    let rooms = soon("`take` of a buffer that is home", || {
        let buffers = Recycler::new(2, ROOM);
        let fresh = {
            let (first, second) = (buffers.take(), buffers.take());
            first.capacity().min(second.capacity())
        };
        for _ in 0..2 {
            drop(std::mem::take(&mut *buffers.take()));
        }
        let (first, second) = (buffers.take(), buffers.take());
        (fresh, first.capacity().min(second.capacity()))
    });
    assert!(
        rooms.0 >= ROOM,
        "buffers of {ROOM} bytes were asked for, and a fresh one had room for {}",
        rooms.0
    );
    assert!(
        rooms.1 >= ROOM,
        "somebody had taken the `Vec` out of its buffer, and the next `take` got room for {} of {ROOM} bytes",
        rooms.1
    );
}

fn no_two_hold_the_same_buffer() {
    let (out, addresses, more) = soon("`take` of a buffer that is home", || {
        let buffers = Recycler::new(3, KIB);
        let other = buffers.clone();
        let mut out = [buffers.take(), other.take(), buffers.take()];
        for (number, buffer) in out.iter_mut().enumerate() {
            buffer.extend([number as u8; 10]);
        }
        let addresses: BTreeSet<usize> = out.iter().map(|buffer| buffer.as_ptr().addr()).collect();
        (out.len(), addresses.len(), other.try_take().is_some())
    });
    assert!(
        addresses == out,
        "{out} buffers were out at the same time, and they were {addresses} different ones"
    );
    assert!(!more, "all 3 buffers were out, and there was a fourth one");
}

/// The way home needs whatever `take` uses. If the waiting thread keeps it, both wait.
fn take_waits_for_a_buffer_to_come_home() {
    let buffers = Recycler::new(1, KIB);
    let mut only = soon_take(&buffers);
    only.push(7);
    let handle = buffers.clone();
    let waiting = wt_check::spawn("taker", move || handle.take().len());
    let activity = waiting.wait_asleep();
    if activity != Activity::Asleep {
        // Its way home may be blocked, and this thread must end.
        std::mem::forget(only);
        assert!(
            activity != Activity::Finished,
            "`take` returned although the only buffer was out"
        );
        panic!("`take` kept running while the only buffer was out, instead of sleeping");
    }
    let home = wt_check::spawn("holder", move || drop(only));
    match home.join_soon() {
        Ok(()) => {}
        Err(Unjoined::StillRunning) => {
            panic!("one thread waited in `take`, and another could not bring its buffer home")
        }
        Err(why) => panic!("{}", told("dropping a buffer", &why)),
    }
    let got = waiting.join_soon();
    match got {
        Ok(0) => {}
        Ok(_) => panic!("`take` waited for a buffer, and got one that is not empty"),
        Err(why) => panic!(
            "{}",
            told("a `take` for which a buffer had come home", &why)
        ),
    }
}

fn try_take_answers_at_once() {
    let answers = soon("`try_take`", || {
        let buffers = Recycler::new(1, KIB);
        let first = buffers.try_take();
        let second = buffers.try_take();
        let answers = (first.is_some(), second.is_some());
        drop((first, second));
        (answers, buffers.try_take().is_some())
    });
    assert!(
        answers == ((true, false), true),
        "of one buffer, `try_take` found it home, out, and home again: {answers:?}"
    );
}

fn a_panicking_holder_loses_no_buffer() {
    let buffers = Recycler::new(2, KIB);
    for _ in 0..2 {
        let handle = buffers.clone();
        let holder = wt_check::spawn("holder", move || {
            let mut buffer = handle.take();
            buffer.extend_from_slice(b"half a line");
            panic!("this panic belongs to the check");
        });
        let _: Result<(), Unjoined> = holder.join_soon();
    }
    let home = buffers.home();
    assert!(
        home == 2,
        "two holders panicked, one after the other, and {home} of 2 buffers were home"
    );
    let found = soon_take(&buffers).len();
    assert!(
        found == 0,
        "a holder panicked, and its buffer came home with {found} bytes in it"
    );
}

fn everything_is_freed_at_the_end() {
    let live = soon("`take` of a buffer that is home", || {
        let probe = AllocProbe::thread();
        let buffers = Recycler::new(2, ROOM);
        let mut last = buffers.take();
        drop(buffers);
        last.extend_from_slice(b"still mine");
        assert!(last.len() == 10, "a buffer is its holder's");
        drop(last);
        probe.stats().live
    });
    // A channel keeps some bytes for each thread that has waited at one.
    assert!(
        live < KIB as i64,
        "the recycler and then its last buffer were dropped, and {live} bytes were not freed"
    );
}

/// Rounds of this run: what goes into each buffer.
fn random_rounds() -> Vec<Vec<u8>> {
    let mut rng = rng();
    let mut round = || {
        let len = rng.usize(1..8);
        (0..len).map(|_| rng.u8(..)).collect()
    };
    (0..12).map(|_| round()).collect()
}

fn what_was_filled_is_consumed_in_order() {
    let consumed = soon("`double_buffered`", || {
        let buffers = Recycler::new(2, KIB);
        let mut rounds = random_rounds().into_iter();
        let mut consumed = Vec::new();
        let fill = |buffer: &mut Vec<u8>| {
            let round = rounds.next();
            buffer.extend(round.iter().flatten());
            round.is_some()
        };
        double_buffered(&buffers, fill, |bytes| consumed.push(bytes.to_vec()));
        consumed
    });
    observe("rounds", consumed.len());
    for (number, round) in consumed.into_iter().enumerate() {
        observe(&format!("round {number}"), round);
    }
}

fn what_was_filled() {
    let rounds = random_rounds();
    observe("rounds", rounds.len());
    for (number, round) in rounds.into_iter().enumerate() {
        observe(&format!("round {number}"), round);
    }
}

/// The consumer of round 0 and the filler of round 1 meet. After one of them has waited
/// in vain, nobody waits.
fn filling_and_consuming_overlap() {
    let (meeting, given_up) = (Rendezvous::new(2), AtomicBool::new(false));
    let meet = || {
        if !given_up.load(Ordering::SeqCst) && !meeting.meet() {
            given_up.store(true, Ordering::SeqCst);
        }
    };
    let (mut filled, mut consumed) = (0, 0);
    let fill = |_: &mut Vec<u8>| {
        filled += 1;
        if filled == 2 {
            meet();
        }
        filled <= 3
    };
    let consume = |_: &[u8]| {
        consumed += 1;
        if consumed == 1 {
            meet();
        }
    };
    double_buffered(&Recycler::new(2, KIB), fill, consume);
    assert!(
        meeting.met(),
        "with two buffers, the second was not filled while the first was consumed"
    );
}

fn double_buffering_takes_no_more_memory() {
    let buffers = Recycler::new(2, ROOM);
    let handle = buffers.clone();
    let probe = AllocProbe::process();
    soon("`double_buffered` of 20 rounds", move || {
        let mut rounds = 0;
        let fill = |buffer: &mut Vec<u8>| {
            rounds += 1;
            buffer.resize(ROOM, rounds as u8);
            rounds <= 20
        };
        double_buffered(&handle, fill, |_| {});
    });
    let bytes = probe.stats().bytes as usize;
    assert!(
        bytes < 8 * ROOM,
        "20 rounds with two buffers of 64 KiB that were there already allocated {} KiB",
        bytes / KIB
    );
    let home = buffers.home();
    assert!(
        home >= 2,
        "20 rounds were over, and {home} of 2 buffers were home"
    );
}

/// The consumer panics in its first round, the filler would go on for long.
fn a_panicking_consumer_ends_it() {
    let buffers = Recycler::new(2, KIB);
    let handle = buffers.clone();
    let filled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&filled);
    let caller = wt_check::spawn("caller", move || {
        let fill = |buffer: &mut Vec<u8>| {
            buffer.push(1);
            count.fetch_add(1, Ordering::SeqCst) < 1000
        };
        let consume = |_: &[u8]| panic!("this panic belongs to the check");
        catch_unwind(AssertUnwindSafe(|| double_buffered(&handle, fill, consume))).is_err()
    });
    let panicked = ended(caller, "`consume`");
    let filled = filled.load(Ordering::SeqCst);
    assert!(
        filled < 1000,
        "`consume` panicked in the first round, and 1000 more were filled"
    );
    assert!(
        panicked,
        "`consume` panicked, and `double_buffered` returned as if nothing had happened"
    );
    both_are_home(&buffers, "`consume`");
}

/// The filler panics while the consumer waits for its next buffer.
fn a_panicking_filler_ends_it() {
    let buffers = Recycler::new(2, KIB);
    let handle = buffers.clone();
    let caller = wt_check::spawn("caller", move || {
        let mut rounds = 0;
        let fill = |buffer: &mut Vec<u8>| {
            rounds += 1;
            buffer.push(1);
            assert!(rounds < 3, "this panic belongs to the check");
            true
        };
        catch_unwind(AssertUnwindSafe(|| double_buffered(&handle, fill, |_| {}))).is_err()
    });
    let panicked = ended(caller, "`fill`");
    assert!(
        panicked,
        "`fill` panicked, and `double_buffered` returned as if nothing had happened"
    );
    both_are_home(&buffers, "`fill`");
}

/// A buffer that is lost may also keep the call from ending: the same words for both.
fn ended(caller: Watched<bool>, who: &str) -> bool {
    match caller.join_soon() {
        Ok(panicked) => panicked,
        Err(Unjoined::StillRunning) => not_ended(who),
        Err(why) => panic!("{}", told("`double_buffered`", &why)),
    }
}

fn both_are_home(buffers: &Recycler, who: &str) {
    if buffers.home() < 2 {
        not_ended(who);
    }
}

fn not_ended(who: &str) -> ! {
    panic!("{who} panicked, and `double_buffered` did not end with both buffers home")
}

/// A life of two buffers, one line for each thing that happens.
fn the_log_of_two_buffers_looks_as_it_must() {
    let log = soon("`try_take`", || {
        let buffers = Recycler::new(2, KIB);
        let other = buffers.clone();
        let mut log = Vec::new();
        let mut note = |what: &str| log.push(format!("{what:<28}{} home", buffers.home()));
        note("made");
        let first = buffers.try_take();
        note("first taken");
        let second = other.try_take();
        note("second taken by a clone");
        let third = other.try_take();
        note(match third {
            Some(_) => "third taken",
            None => "no third one",
        });
        drop(first);
        note("first dropped");
        drop(other);
        note("clone dropped");
        drop(second);
        note("second dropped");
        drop(third);
        let again = buffers.try_take();
        note(match again {
            Some(_) => "taken again",
            None => "none to take again",
        });
        log.join("\n")
    });
    assert_snapshot!("log", log);
}

fn soon_take(buffers: &Recycler) -> recycled_buffers::Lent {
    let handle = buffers.clone();
    soon("`take` of a buffer that is home", move || handle.take())
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
