//! Hidden checks of lesson 06.
//!
//! Addresses and allocated bytes tell a move from a copy; elapsed time could not.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use move_the_buffer::{Disconnected, Worker};
use wt_check::{
    Activity, AllocProbe, ThreadCount, Unjoined, assert_same, check, fastrand, observe, observed,
    patience, wait_until,
};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

fn main() -> ExitCode {
    wt_check::run(&[
        observed!(buffers_come_back_changed_and_in_order => expected_buffers),
        check!(one_other_thread_does_all_the_work),
        check!(send_never_waits_for_the_worker),
        check!(the_same_allocation_comes_back),
        check!(spare_capacity_is_kept),
        check!(allocated_bytes_do_not_grow_with_size),
        check!(an_ended_worker_gives_the_buffer_back),
        check!(recv_is_none_once_the_worker_has_ended),
        check!(shutdown_waits_for_queued_buffers),
        check!(shutdown_after_a_panic_returns_what_was_changed),
    ])
}

/// What the buffer is for, and the order of work. All buffers wait in line before
/// the worker may begin, so that a stack cannot pass for a queue.
fn buffers_come_back_changed_and_in_order() {
    let gate = Gate::default();
    let opened = gate.clone();
    let worker = Worker::spawn(move |buffer| {
        opened.pass();
        change(buffer);
    });
    let buffers = random_buffers();
    let count = buffers.len();
    for buffer in buffers {
        send(&worker, buffer);
    }
    gate.open();
    for number in 0..count {
        observe(&format!("buffer {number}"), worker.recv());
    }
}

/// The oracle: the same change, on the calling thread, one after another.
fn expected_buffers() {
    for (number, mut buffer) in random_buffers().into_iter().enumerate() {
        change(&mut buffer);
        observe(&format!("buffer {number}"), Some(buffer));
    }
}

/// Work on the caller's thread is no worker, and a thread per buffer is no worker
/// that is kept.
fn one_other_thread_does_all_the_work() {
    let seen: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
    let notes = Arc::clone(&seen);
    let worker = Worker::spawn(move |_| {
        let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
        let id = thread::current().id();
        if !notes.contains(&id) {
            notes.push(id);
        }
    });
    for round in 0..20 {
        send(&worker, vec![round; KIB]);
        assert!(
            worker.recv().is_some(),
            "buffer {round} of 20 did not come back"
        );
    }
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(
        !seen.contains(&thread::current().id()),
        "`change` ran on the thread that called `send` and `recv`"
    );
    assert!(
        seen.len() == 1,
        "{} threads changed 20 buffers, where one worker was asked for",
        seen.len()
    );
}

/// A caller that waits in `send` could as well do the work itself.
fn send_never_waits_for_the_worker() {
    let gate = Gate::default();
    let opened = gate.clone();
    let worker = Worker::spawn(move |_| opened.pass());
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let sender = wt_check::spawn("sender", move || {
        for _ in 0..4 {
            send(&worker, vec![0; KIB]);
            count.fetch_add(1, Ordering::SeqCst);
        }
        worker
    });
    // Half of what the worker waits, so that it is still busy when the count is taken.
    let deadline = Instant::now() + patience() / 2;
    wait_until(|| sent.load(Ordering::SeqCst) == 4 || Instant::now() >= deadline);
    let at_once = sent.load(Ordering::SeqCst);
    gate.open();
    assert!(
        at_once == 4,
        "while the worker was busy, only {at_once} of 4 calls of `send` returned"
    );
    let worker = sender
        .join_soon()
        .unwrap_or_else(|why| panic!("{}", told("`send`", &why)));
    let back = (0..4).filter(|_| worker.recv().is_some()).count();
    assert!(back == 4, "4 buffers were sent and {back} came back");
}

/// The heart of the lesson. Several sizes are out together: a copy whose address
/// happens to equal one original cannot equal them all. The size tells which buffer
/// has come back, because their order is another check's claim.
fn the_same_allocation_comes_back() {
    let worker = Worker::spawn(|buffer| buffer[0] ^= 1);
    let mut addresses = BTreeMap::new();
    for kib in [64, 100, 256, 300, 1024, 3072] {
        let buffer = vec![0; kib * KIB];
        addresses.insert(buffer.len(), buffer.as_ptr().addr());
        send(&worker, buffer);
    }
    while !addresses.is_empty() {
        let Some(buffer) = worker.recv() else {
            panic!("{} of 6 buffers did not come back", addresses.len())
        };
        let sent = addresses.remove(&buffer.len());
        assert!(
            sent.is_some(),
            "a buffer of {} bytes came back; none of that size was out",
            buffer.len()
        );
        assert!(
            sent == Some(buffer.as_ptr().addr()),
            "a buffer of {} KiB came back in another allocation than it was sent in",
            buffer.len() / KIB
        );
    }
}

/// A reader fills a buffer to the part it needs; the rest is room for the next
/// round. Whoever gives the room away allocates in every round.
fn spare_capacity_is_kept() {
    let worker = Worker::spawn(|buffer| buffer[0] ^= 1);
    let mut buffer = Vec::with_capacity(MIB);
    buffer.extend_from_slice(b"a short line");
    let before = buffer.capacity();
    send(&worker, buffer);
    let Some(buffer) = worker.recv() else {
        panic!("the buffer did not come back")
    };
    assert!(
        buffer.capacity() == before,
        "a buffer of {} bytes with room for {before} came back with room for {}",
        buffer.len(),
        buffer.capacity()
    );
}

/// Counts, over all threads, what a round trip allocates. The queue may need a
/// few bytes; they must not depend on the buffer.
fn allocated_bytes_do_not_grow_with_size() {
    let worker = Worker::spawn(|buffer| buffer[0] ^= 1);
    let small = round_trip(&worker, 64 * KIB);
    let large = round_trip(&worker, 16 * MIB);
    assert!(
        large <= small + 64 * KIB as u64,
        "a round trip allocated {} KiB for a buffer of 64 KiB and {} KiB for one of 16 MiB",
        small >> 10,
        large >> 10
    );
}

/// A caller that loses its buffer to a dead worker has lost the only copy.
fn an_ended_worker_gives_the_buffer_back() {
    let worker = ended_worker();
    let mut buffer = Vec::with_capacity(2 * MIB);
    buffer.resize(MIB, 7);
    let (address, capacity) = (buffer.as_ptr().addr(), buffer.capacity());
    match worker.send(buffer) {
        Ok(()) => panic!("`send` reported success although the worker's thread had ended"),
        Err(Disconnected(back)) => {
            assert!(
                back.as_ptr().addr() == address,
                "a buffer of {MIB} bytes was refused, and {} bytes in another allocation came back",
                back.len()
            );
            let now = (back.len(), back.capacity());
            assert!(
                now == (MIB, capacity),
                "the refused buffer's length and capacity changed"
            );
        }
    }
}

/// A `recv` that waits for a dead worker waits for ever.
fn recv_is_none_once_the_worker_has_ended() {
    let worker = worker_after_a_panic([0].into());
    let receiver = wt_check::spawn("receiver", move || (worker.recv(), worker.recv()));
    match receiver.join_soon() {
        Ok(got) => assert_same!(
            got,
            (Some(vec![10]), None),
            "one buffer was changed, then `change` panicked; two calls of `recv` returned something else"
        ),
        Err(why) => panic!(
            "{} although the worker had ended by a panic",
            told("`recv`", &why)
        ),
    }
}

/// Nothing that was accepted is dropped, and the caller knows when the work is
/// over: the last buffer is held back, so `shutdown` has something to wait for.
fn shutdown_waits_for_queued_buffers() {
    let threads = ThreadCount::start();
    let gate = Gate::default();
    let opened = gate.clone();
    let worker = Worker::spawn(move |buffer| {
        if buffer[0] == 1 {
            opened.pass();
        }
        buffer[0] += 10;
    });
    for number in 0..5 {
        send(&worker, vec![number]);
    }
    assert!(
        !gate.ran_out(),
        "`send` waited for the worker to finish another buffer"
    );
    let first = worker.recv();
    assert!(
        first == Some(vec![10]),
        "the first buffer came back as {first:?}"
    );
    let caller = wt_check::spawn("shutdown", move || worker.shutdown());
    let early = caller.wait_asleep() == Activity::Finished;
    gate.open();
    let rest = caller.join_soon().unwrap_or_else(|why| {
        panic!(
            "{} although nothing held the worker back",
            told("`shutdown`", &why)
        )
    });
    assert!(
        !early,
        "`shutdown` returned {} of 4 buffers while the worker was still busy",
        rest.len()
    );
    let rest: Vec<Option<u8>> = rest.iter().map(|buffer| buffer.first().copied()).collect();
    assert!(
        rest == [11, 12, 13, 14].map(Some),
        "buffers 0 to 4 were sent, 10 was added to each and the first was received; `shutdown` returned {rest:?}"
    );
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "{} thread(s) still lived after `shutdown`",
        left.len()
    );
}

/// The panic has cost one buffer; it must not cost the others, or the caller.
fn shutdown_after_a_panic_returns_what_was_changed() {
    let threads = ThreadCount::start();
    let worker = worker_after_a_panic([0, 1].into());
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "`change` panicked, and the worker's thread did not end"
    );
    let rest = worker.shutdown();
    assert_same!(
        rest,
        vec![vec![10], vec![11]],
        "two buffers were changed, then `change` panicked; `shutdown` returned something else"
    );
}

/// Sends to a worker that lives.
fn send(worker: &Worker, buffer: Vec<u8>) {
    let bytes = buffer.len();
    if worker.send(buffer).is_err() {
        panic!(
            "`send` refused a buffer of {bytes} bytes although the worker's thread had not ended"
        );
    }
}

/// Bytes that one round trip allocates, on all threads, after a first one has
/// made the queues ready.
fn round_trip(worker: &Worker, size: usize) -> u64 {
    send(worker, vec![0; 16]);
    assert!(
        worker.recv().is_some(),
        "a buffer of 16 bytes did not come back"
    );
    let buffer = vec![0; size];
    let probe = AllocProbe::process();
    send(worker, buffer);
    let back = worker.recv();
    let bytes = probe.stats().bytes;
    assert!(
        back.is_some_and(|buffer| buffer.len() == size),
        "a buffer of {size} bytes did not come back whole"
    );
    bytes
}

/// A worker whose thread is gone, by a panic of its job.
fn ended_worker() -> Worker {
    let threads = ThreadCount::start();
    let worker = Worker::spawn(|_| panic!("this panic belongs to the check"));
    send(&worker, vec![0]);
    let left = threads.left_behind();
    assert!(
        left.is_empty(),
        "`change` panicked, and the worker's thread did not end"
    );
    worker
}

/// A worker that has changed the given one-byte buffers, one after another, and
/// then met a buffer on which its job panics.
fn worker_after_a_panic(bytes: Vec<u8>) -> Worker {
    const FATAL: u8 = 99;
    let changed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&changed);
    let worker = Worker::spawn(move |buffer| {
        if buffer[0] == FATAL {
            panic!("this panic belongs to the check");
        }
        buffer[0] += 10;
        count.fetch_add(1, Ordering::SeqCst);
    });
    for (sent, byte) in bytes.into_iter().enumerate() {
        send(&worker, vec![byte]);
        let reached = wait_until(|| changed.load(Ordering::SeqCst) > sent);
        assert!(
            reached,
            "a buffer was sent to an idle worker, and `change` was not called"
        );
    }
    send(&worker, vec![FATAL]);
    worker
}

/// Why a call on a watched thread gave no result, in words.
fn told(call: &str, why: &Unjoined) -> String {
    match why {
        Unjoined::StillRunning => format!("{call} did not return"),
        Unjoined::Panicked(message) => format!("{call} panicked with \"{message}\""),
    }
}

/// The work of the checks that compare bytes.
fn change(buffer: &mut [u8]) {
    buffer.reverse();
    buffer.iter_mut().for_each(|byte| *byte ^= 0x5a);
}

fn random_buffers() -> Vec<Vec<u8>> {
    let mut rng = wt_check::rng();
    (0..12).map(|_| random_buffer(&mut rng)).collect()
}

fn random_buffer(rng: &mut fastrand::Rng) -> Vec<u8> {
    let len = rng.usize(4..16);
    (0..len).map(|_| rng.u8(..)).collect()
}

/// Holds a worker back until the check has looked, or until patience is over.
///
/// Whoever waits here sleeps, so that it is not taken for a thread at work, and
/// turns over now and then, so that it is not taken for one that hangs.
#[derive(Clone, Default)]
struct Gate {
    inside: Arc<(Mutex<GateState>, Condvar)>,
}

#[derive(Default)]
struct GateState {
    open: bool,
    ran_out: bool,
}

impl Gate {
    fn open(&self) {
        self.state().open = true;
        self.inside.1.notify_all();
    }

    fn pass(&self) {
        let deadline = Instant::now() + patience();
        let mut state = self.state();
        while !state.open {
            if Instant::now() >= deadline {
                (state.open, state.ran_out) = (true, true);
                self.inside.1.notify_all();
            }
            let nap = Duration::from_millis(300);
            let woken = self.inside.1.wait_timeout(state, nap);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether somebody waited here until patience was over.
    fn ran_out(&self) -> bool {
        self.state().ran_out
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.inside.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
