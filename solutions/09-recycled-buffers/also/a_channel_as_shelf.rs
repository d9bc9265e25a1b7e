//! Also right: the shelf is a channel, and empty buffers come back through it
//!
//! `take` is `recv`, going home is `send`. The lock and the condition variable are inside the
//! channel. The recycler keeps both ends, so that neither is ever disconnected.

use std::iter;
use std::ops::{Deref, DerefMut};
use std::sync::mpsc;

use wt_core::channel::{self, Receiver, Sender};
use wt_core::thread;

#[derive(Debug, Clone)]
pub struct Recycler {
    capacity: usize,
    way_home: Sender<Vec<u8>>,
    shelf: Receiver<Vec<u8>>,
}

#[derive(Debug)]
pub struct Lent {
    /// `None` only while it is dropped.
    bytes: Option<Vec<u8>>,
    way_home: Sender<Vec<u8>>,
}

impl Recycler {
    #[must_use]
    pub fn new(buffers: usize, capacity: usize) -> Self {
        assert!(buffers > 0, "0 buffers cannot be lent");
        let (way_home, shelf) = channel::bounded(buffers);
        for _ in 0..buffers {
            way_home
                .send(Vec::with_capacity(capacity))
                .expect("the shelf is there");
        }
        Self {
            capacity,
            way_home,
            shelf,
        }
    }

    #[must_use]
    pub fn take(&self) -> Lent {
        self.lend(self.shelf.recv().expect("the way home is open"))
    }

    #[must_use]
    pub fn try_take(&self) -> Option<Lent> {
        self.shelf.try_recv().ok().map(|bytes| self.lend(bytes))
    }

    #[must_use]
    pub fn home(&self) -> usize {
        self.shelf.len()
    }

    fn lend(&self, mut bytes: Vec<u8>) -> Lent {
        bytes.reserve(self.capacity);
        Lent {
            bytes: Some(bytes),
            way_home: self.way_home.clone(),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(mut bytes) = self.bytes.take() {
            bytes.clear();
            // There is a place for each buffer. The shelf is gone only with every recycler.
            let _ = self.way_home.try_send(bytes);
        }
    }
}

impl Deref for Lent {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        self.bytes.as_ref().expect("it is not dropped")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        self.bytes.as_mut().expect("it is not dropped")
    }
}

/// Full buffers go through a channel of std's, whose receiver drops what it holds, too.
pub fn double_buffered(
    buffers: &Recycler,
    mut fill: impl FnMut(&mut Vec<u8>) -> bool,
    mut consume: impl FnMut(&[u8]) + Send,
) {
    thread::scope(|scope| {
        let (filled, incoming) = mpsc::channel::<Lent>();
        scope.spawn(move || incoming.iter().for_each(|buffer| consume(&buffer)));
        let filled_one = || {
            let mut buffer = buffers.take();
            fill(&mut buffer).then_some(buffer)
        };
        let _ = iter::from_fn(filled_one).try_for_each(|buffer| filled.send(buffer));
    });
}
