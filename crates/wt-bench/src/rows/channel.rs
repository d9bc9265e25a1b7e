//! Channel rows: numbers from thread to thread.

use std::hint;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Instant;

use wt_core::port::{self, Port};

use crate::contender::{Contender, Goal, Kind, Outcome, Row, Unit};
use crate::work::sum_below;

const CAPACITY: usize = 1024;
const CHUNK: usize = 256;

pub(super) fn rows() -> Vec<Row> {
    let row = |id, title, contenders| Row::new(id, title, Unit::Nanos, 1_000_000, contenders);
    let must = Goal::must(1.0)
        .by("wt-core port")
        .of(&["crossbeam", "flume"]);
    let batches = Goal::must(1.3).by("wt-core port, batches");
    vec![
        row(
            "ch.bounded",
            "1 → 1, bounded 1024, one at a time",
            bounded(),
        )
        .goals(&[
            must,
            Goal::aim(1.2).by("wt-core port").of(&["rtrb, spinning"]),
        ]),
        row("ch.chunks", "1 → 1, bounded 1024, chunks of 256", chunks())
            .goals(&[batches.of(&["rtrb chunks, spinning"])]),
        row("ch.unbounded", "1 → 1, unbounded", unbounded()).goals(&[must]),
        row("ch.two", "2 → 2, bounded 1024", two_to_two()).goals(&[must]),
        Row::new(
            "ch.ping",
            "there and back, bounded 1",
            Unit::Micros,
            20_000,
            ping(),
        )
        .goals(&[must.of(&["flume"])]),
    ]
}

/// An end to send on. `send` blocks while the channel is full.
trait Tx: Send + 'static {
    fn send(&mut self, number: u64);
}

/// An end to receive from. `recv` blocks, and gives `None` once all is read.
trait Rx: Send + 'static {
    fn recv(&mut self) -> Option<u64>;
}

macro_rules! ends {
    ($($tx:ty, $rx:ty;)+) => { $(
        impl Tx for $tx {
            fn send(&mut self, number: u64) {
                assert!(<$tx>::send(self, number).is_ok(), "the receiver is there");
            }
        }

        impl Rx for $rx {
            fn recv(&mut self) -> Option<u64> {
                <$rx>::recv(self).ok()
            }
        }
    )+ };
}

ends! {
    crossbeam_channel::Sender<u64>, crossbeam_channel::Receiver<u64>;
    flume::Sender<u64>, flume::Receiver<u64>;
    kanal::Sender<u64>, kanal::Receiver<u64>;
    mpsc::SyncSender<u64>, mpsc::Receiver<u64>;
}

impl Tx for mpsc::Sender<u64> {
    fn send(&mut self, number: u64) {
        assert!(Self::send(self, number).is_ok(), "the receiver is there");
    }
}

impl Tx for PortTx {
    fn send(&mut self, number: u64) {
        assert!(Port::send(self, number).is_ok(), "the receiver is there");
    }
}

impl Rx for PortRx {
    fn recv(&mut self) -> Option<u64> {
        Port::recv(self).ok()
    }
}

/// rtrb has no blocking calls, so its users wait as they like. This one asks again
/// at once, and after a while lets other threads run in between.
fn until_some<R>(mut f: impl FnMut() -> Option<R>) -> R {
    let mut tries = 0_u32;
    loop {
        if let Some(result) = f() {
            return result;
        }
        tries += 1;
        if tries < 1_000 {
            hint::spin_loop();
        } else {
            thread::yield_now();
        }
    }
}

impl Tx for rtrb::Producer<u64> {
    fn send(&mut self, number: u64) {
        until_some(|| self.push(number).ok());
    }
}

impl Rx for rtrb::Consumer<u64> {
    fn recv(&mut self) -> Option<u64> {
        until_some(|| match self.pop() {
            Ok(number) => Some(Some(number)),
            // Asked in this order, so that a last message is not missed.
            Err(_) if self.is_abandoned() => Some(self.pop().ok()),
            Err(_) => None,
        })
    }
}

/// In an `Arc` each, so that two threads may use one.
type PortTx = Arc<Port<u64, ()>>;
type PortRx = Arc<Port<(), u64>>;

fn shared_ports(capacity: Option<usize>) -> (PortTx, PortRx) {
    let (left, right) = capacity.map_or_else(port::pair, port::bounded);
    (Arc::new(left), Arc::new(right))
}

fn bounded() -> Vec<Contender> {
    vec![
        one_to_one("wt-core port", Kind::Ours, || shared_ports(Some(CAPACITY))),
        one_to_one("rtrb, spinning", Kind::Peer, || {
            rtrb::RingBuffer::new(CAPACITY)
        }),
        one_to_one("std sync_channel", Kind::Peer, || {
            mpsc::sync_channel(CAPACITY)
        }),
        one_to_one("crossbeam", Kind::Peer, || {
            crossbeam_channel::bounded(CAPACITY)
        }),
        one_to_one("kanal", Kind::Peer, || kanal::bounded(CAPACITY)),
        one_to_one("flume", Kind::Peer, || flume::bounded(CAPACITY)),
    ]
}

fn unbounded() -> Vec<Contender> {
    vec![
        one_to_one("wt-core port", Kind::Ours, || shared_ports(None)),
        one_to_one("std channel", Kind::Peer, mpsc::channel),
        one_to_one("crossbeam", Kind::Peer, crossbeam_channel::unbounded),
        one_to_one("kanal", Kind::Peer, kanal::unbounded),
        one_to_one("flume", Kind::Peer, flume::unbounded),
    ]
}

fn two_to_two() -> Vec<Contender> {
    vec![
        crowd("wt-core port", Kind::Ours, || shared_ports(Some(CAPACITY))),
        crowd("crossbeam", Kind::Peer, || {
            crossbeam_channel::bounded(CAPACITY)
        }),
        crowd("kanal", Kind::Peer, || kanal::bounded(CAPACITY)),
        crowd("flume", Kind::Peer, || flume::bounded(CAPACITY)),
    ]
}

fn one_to_one<T: Tx, R: Rx>(
    name: &'static str,
    kind: Kind,
    open: impl Fn() -> (T, R) + Copy + 'static,
) -> Contender {
    Contender::new(name, kind, move || {
        move |messages| {
            let (mut tx, mut rx) = open();
            race(
                messages,
                vec![move || (0..messages).for_each(|number| tx.send(number))],
                vec![move || sum_of(&mut rx)],
            )
        }
    })
}

fn crowd<T: Tx + Clone, R: Rx + Clone>(
    name: &'static str,
    kind: Kind,
    open: impl Fn() -> (T, R) + Copy + 'static,
) -> Contender {
    Contender::new(name, kind, move || {
        move |messages| {
            let (tx, rx) = open();
            let senders = [(0, messages / 2), (messages / 2, messages)].map(|(begin, end)| {
                let mut tx = tx.clone();
                move || (begin..end).for_each(|number| tx.send(number))
            });
            let receivers = [rx.clone(), rx].map(|mut rx| move || sum_of(&mut rx));
            drop(tx);
            race(messages, senders.into(), receivers.into())
        }
    })
}

fn sum_of(rx: &mut impl Rx) -> (u64, u64) {
    let mut seen = (0, 0_u64);
    while let Some(number) = rx.recv() {
        seen = (seen.0 + 1, seen.1.wrapping_add(number));
    }
    seen
}

/// Starts all threads and lets them go at once. The time is from the first that
/// begins to the last that ends, by their own clocks: on a busy machine this thread
/// may come back from the barrier when all is over. Receivers return how many messages
/// they saw, and their sum.
fn race<S, R>(messages: u64, senders: Vec<S>, receivers: Vec<R>) -> Outcome
where
    S: FnOnce() + Send,
    R: FnOnce() -> (u64, u64) + Send,
{
    let ready = Barrier::new(senders.len() + receivers.len());
    let runs: Vec<_> = thread::scope(|s| {
        let mut threads = Vec::new();
        for send in senders {
            threads.push(s.spawn(|| {
                timed(&ready, || {
                    send();
                    (0, 0)
                })
            }));
        }
        for receive in receivers {
            threads.push(s.spawn(|| timed(&ready, receive)));
        }
        let runs = threads.into_iter().map(|thread| thread.join());
        runs.map(|run| run.expect("no end fails")).collect()
    });
    let seen = runs.iter().fold((0, 0_u64), |seen, run| {
        (seen.0 + run.seen.0, seen.1.wrapping_add(run.seen.1))
    });
    assert_eq!(
        seen,
        (messages, sum_below(messages)),
        "a message is lost or doubled"
    );
    let begin = runs
        .iter()
        .map(|run| run.begin)
        .min()
        .expect("there are threads");
    let end = runs
        .iter()
        .map(|run| run.end)
        .max()
        .expect("there are threads");
    Outcome::Total(end - begin)
}

struct Timed {
    begin: Instant,
    end: Instant,
    seen: (u64, u64),
}

fn timed(ready: &Barrier, run: impl FnOnce() -> (u64, u64)) -> Timed {
    ready.wait();
    let begin = Instant::now();
    let seen = run();
    let end = Instant::now();
    Timed { begin, end, seen }
}

fn chunks() -> Vec<Contender> {
    vec![
        port_batches(),
        rtrb_chunks(),
        // Another thing: it allocates, and its bound counts vectors. Shown for the scale.
        Contender::new("crossbeam, a Vec per 256", Kind::Reference, || {
            |messages: u64| {
                let (tx, rx) = crossbeam_channel::bounded(CAPACITY / CHUNK);
                let send = move || {
                    for begin in (0..messages).step_by(CHUNK) {
                        let end = messages.min(begin + CHUNK as u64);
                        let sent = tx.send((begin..end).collect::<Vec<_>>());
                        assert!(sent.is_ok(), "the receiver is there");
                    }
                };
                let receive = move || {
                    let mut seen = (0, 0_u64);
                    for chunk in rx {
                        seen.0 += chunk.len() as u64;
                        seen.1 = chunk.iter().fold(seen.1, |sum, &n| sum.wrapping_add(n));
                    }
                    seen
                };
                race(messages, vec![send], vec![receive])
            }
        }),
    ]
}

fn port_batches() -> Contender {
    Contender::new("wt-core port, batches", Kind::Ours, || {
        |messages: u64| {
            let (tx, rx) = port::bounded::<u64, ()>(CAPACITY);
            let send = move || {
                let mut batch = Vec::with_capacity(CHUNK);
                let mut next = 0;
                while next < messages {
                    let end = messages.min(next + CHUNK as u64);
                    batch.extend(next..end);
                    tx.send_batch(&mut batch).expect("the receiver is there");
                    next = end;
                }
            };
            let receive = move || {
                let mut batch = Vec::with_capacity(CHUNK);
                let mut seen = (0, 0_u64);
                while rx.recv_batch(&mut batch, CHUNK).is_ok() {
                    seen.0 += batch.len() as u64;
                    seen.1 = batch.drain(..).fold(seen.1, u64::wrapping_add);
                }
                seen
            };
            race(messages, vec![send], vec![receive])
        }
    })
}

fn rtrb_chunks() -> Contender {
    Contender::new("rtrb chunks, spinning", Kind::Peer, || {
        |messages: u64| {
            let (mut tx, mut rx) = rtrb::RingBuffer::new(CAPACITY);
            let send = move || {
                let mut next = 0;
                while next < messages {
                    let count = (CHUNK as u64).min(messages - next);
                    let slots = until_some(|| {
                        // Asked first: the borrow checker does not let a chunk out of a loop.
                        (tx.slots() >= count as usize).then_some(count as usize)
                    });
                    let chunk = tx.write_chunk_uninit(slots).expect("just asked");
                    next += chunk.fill_from_iter(next..next + count) as u64;
                }
            };
            let receive = move || {
                let mut seen = (0, 0_u64);
                while seen.0 < messages {
                    let slots = until_some(|| Some(rx.slots().min(CHUNK)).filter(|&n| n > 0));
                    let chunk = rx.read_chunk(slots).expect("just asked");
                    seen.0 += slots as u64;
                    seen.1 = chunk.into_iter().fold(seen.1, u64::wrapping_add);
                }
                seen
            };
            race(messages, vec![send], vec![receive])
        }
    })
}

fn ping() -> Vec<Contender> {
    vec![
        Contender::new("wt-core port", Kind::Ours, || {
            let (main, worker) = port::bounded::<u64, u64>(1);
            let echo = thread::spawn(move || {
                for number in worker.iter() {
                    worker.send(number).expect("the main thread waits");
                }
            });
            let mut main = Echo {
                ends: Some(main),
                echo: Some(echo),
            };
            move |times| {
                main.each(times, |main, number| {
                    main.send(number).expect("the echo is there");
                    main.recv().expect("the echo answers")
                })
            }
        }),
        pong("kanal", || kanal::bounded(1)),
        pong("flume", || flume::bounded(1)),
        pong("rtrb, spinning", || rtrb::RingBuffer::new(1)),
        pong("std sync_channel", || mpsc::sync_channel(1)),
        pong("crossbeam", || crossbeam_channel::bounded(1)),
    ]
}

fn pong<T: Tx, R: Rx>(name: &'static str, open: impl Fn() -> (T, R) + Copy + 'static) -> Contender {
    Contender::new(name, Kind::Peer, move || {
        let (there, mut receiver) = open();
        let (mut sender, back) = open();
        let echo = thread::spawn(move || {
            while let Some(number) = receiver.recv() {
                sender.send(number);
            }
        });
        let mut main = Echo {
            ends: Some((there, back)),
            echo: Some(echo),
        };
        move |times| {
            main.each(times, |(there, back), number| {
                there.send(number);
                back.recv().expect("the echo answers")
            })
        }
    })
}

/// A thread that sends back what it gets, until its ends are dropped.
struct Echo<E> {
    ends: Option<E>,
    echo: Option<thread::JoinHandle<()>>,
}

impl<E> Echo<E> {
    fn each(&mut self, times: u64, mut trip: impl FnMut(&mut E, u64) -> u64) -> Outcome {
        let ends = self.ends.as_mut().expect("taken by drop only");
        let each = (0..times).map(|number| {
            let start = Instant::now();
            let back = trip(ends, number);
            let took = start.elapsed();
            assert_eq!(back, number);
            took
        });
        Outcome::Each(each.collect())
    }
}

impl<E> Drop for Echo<E> {
    fn drop(&mut self) {
        self.ends = None;
        if let Some(echo) = self.echo.take() {
            echo.join().expect("the echo ends");
        }
    }
}
