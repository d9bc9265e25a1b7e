//! Handing 256 MiB to a worker and back: whose bytes are copied?
//!
//! The worker reads the first and the last byte. What is timed is therefore the
//! hand-over and not the memory. All but the first go through a port, so buffers are
//! compared and not channels.

use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use wt_core::buffer::{Mapping, SharedSlice};
use wt_core::port;

use crate::contender::{Contender, Goal, Kind, Outcome, Row, Unit};

const SIZE: usize = 256 << 20;

pub(super) fn rows() -> Vec<Row> {
    let row = Row::new(
        "handover",
        "256 MiB to a worker and back",
        Unit::Micros,
        5_000,
        vec![
            moved_through_crossbeam(),
            through_port(
                "Arc clone, port",
                Kind::Peer,
                || Arc::<[u8]>::from(bytes()),
                share,
            ),
            through_port("Vec moved, port", Kind::Peer, bytes, take),
            through_port(
                "wt-core SharedSlice clone, port",
                Kind::Ours,
                || SharedSlice::from_vec(bytes()),
                share,
            ),
            through_port("wt-core Mapping part, port", Kind::Ours, mapped, share),
            through_port("copy, port", Kind::Reference, bytes, share).at_most(2),
        ],
    );
    let bare = Goal::must(1.1).of(&["Vec moved, port"]);
    vec![row.goals(&[
        bare.by("wt-core SharedSlice clone, port"),
        bare.by("wt-core Mapping part, port"),
    ])]
}

/// A worker that gets a buffer, reads both of its ends and sends it back.
///
/// `lend` takes the buffer out of its place, or leaves it and gives another handle.
fn through_port<B: AsRef<[u8]> + Send + 'static>(
    name: &'static str,
    kind: Kind,
    make: fn() -> B,
    lend: fn(&mut Option<B>) -> B,
) -> Contender {
    Contender::new(name, kind, move || {
        let (main, worker) = port::pair::<B, B>();
        let thread = thread::spawn(move || {
            for buffer in worker.iter() {
                look_at(buffer.as_ref());
                worker.send(buffer).expect("the main thread waits");
            }
        });
        let mut trips = Trips {
            ends: Some(main),
            thread: Some(thread),
            buffer: Some(make()),
        };
        move |times| {
            trips.each(times, lend, |main, buffer| {
                main.send(buffer).expect("the worker is there");
                main.recv().expect("the worker answers")
            })
        }
    })
}

fn moved_through_crossbeam() -> Contender {
    Contender::new("Vec moved, crossbeam", Kind::Peer, || {
        let (there, receiver) = crossbeam_channel::unbounded::<Vec<u8>>();
        let (sender, back) = crossbeam_channel::unbounded();
        let thread = thread::spawn(move || {
            for buffer in receiver {
                look_at(&buffer);
                sender.send(buffer).expect("the main thread waits");
            }
        });
        let mut trips = Trips {
            ends: Some((there, back)),
            thread: Some(thread),
            buffer: Some(bytes()),
        };
        move |times| {
            trips.each(times, take, |(there, back), buffer| {
                there.send(buffer).expect("the worker is there");
                back.recv().expect("the worker answers")
            })
        }
    })
}

/// A buffer, the ends it goes through, and the thread that sends it back.
struct Trips<E, B> {
    ends: Option<E>,
    thread: Option<thread::JoinHandle<()>>,
    buffer: Option<B>,
}

impl<E, B: AsRef<[u8]>> Trips<E, B> {
    fn each(
        &mut self,
        times: u64,
        lend: fn(&mut Option<B>) -> B,
        mut trip: impl FnMut(&mut E, B) -> B,
    ) -> Outcome {
        let ends = self.ends.as_mut().expect("taken by drop only");
        let each = (0..times).map(|_| {
            let start = Instant::now();
            let lent = lend(&mut self.buffer);
            let back = trip(ends, lent);
            let took = start.elapsed();
            assert_eq!(back.as_ref().len(), SIZE);
            self.buffer.get_or_insert(back);
            took
        });
        Outcome::Each(each.collect())
    }
}

impl<E, B> Drop for Trips<E, B> {
    fn drop(&mut self) {
        self.ends = None;
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the worker ends");
        }
    }
}

fn take<B>(buffer: &mut Option<B>) -> B {
    buffer.take().expect("it came back")
}

fn share<B: Clone>(buffer: &mut Option<B>) -> B {
    buffer.clone().expect("it stays here")
}

fn look_at(bytes: &[u8]) {
    black_box((bytes.first().copied(), bytes.last().copied()));
}

/// Not zeroed lazily by the system: each page is there before the clock starts.
fn bytes() -> Vec<u8> {
    vec![1; SIZE]
}

/// A file of holes, mapped. The file is gone when the mapping is.
fn mapped() -> SharedSlice<u8> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.as_file()
        .set_len(SIZE as u64)
        .expect("a file of holes");
    Mapping::open(file.path())
        .expect("the file can be mapped")
        .share()
}
