//! Must fail: no_two_hold_the_same_buffer (wrong), take_waits_for_a_buffer_to_come_home (wrong), try_take_answers_at_once (wrong), the_log_of_two_buffers_looks_as_it_must (wrong)
//! Hint: Your `take` always finds a buffer. How many are there when a producer is faster than its consumer for an hour?
//!
//! The mistake: when no buffer is home, `take` makes a new one. It never waits, and the number
//! of buffers is the largest number that was ever needed at once.

use std::mem;
use std::ops::{Deref, DerefMut};

use wt_core::channel;
use wt_core::sync::{Arc, Mutex, MutexGuard};
use wt_core::thread;

#[derive(Debug, Clone)]
pub struct Recycler {
    shelf: Arc<Shelf>,
}

#[derive(Debug)]
struct Shelf {
    capacity: usize,
    home: Mutex<Vec<Vec<u8>>>,
}

#[derive(Debug)]
pub struct Lent {
    bytes: Vec<u8>,
    shelf: Arc<Shelf>,
}

impl Recycler {
    #[must_use]
    pub fn new(buffers: usize, capacity: usize) -> Self {
        assert!(buffers > 0, "0 buffers cannot be lent");
        let home = (0..buffers).map(|_| Vec::with_capacity(capacity)).collect();
        Self {
            shelf: Arc::new(Shelf {
                capacity,
                home: Mutex::new(home),
            }),
        }
    }

    #[must_use]
    pub fn take(&self) -> Lent {
        let bytes = self.shelf.lock().pop();
        self.lend(bytes.unwrap_or_default())
    }

    #[must_use]
    pub fn try_take(&self) -> Option<Lent> {
        Some(self.take())
    }

    #[must_use]
    pub fn home(&self) -> usize {
        self.shelf.lock().len()
    }

    fn lend(&self, mut bytes: Vec<u8>) -> Lent {
        bytes.reserve(self.shelf.capacity);
        Lent {
            bytes,
            shelf: Arc::clone(&self.shelf),
        }
    }
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.home.lock().expect(UNPOISONED)
    }
}

const UNPOISONED: &str = "no code of the caller runs under this lock";

impl Drop for Lent {
    fn drop(&mut self) {
        let mut bytes = mem::take(&mut self.bytes);
        bytes.clear();
        self.shelf.lock().push(bytes);
    }
}

impl Deref for Lent {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

pub fn double_buffered(
    buffers: &Recycler,
    mut fill: impl FnMut(&mut Vec<u8>) -> bool,
    mut consume: impl FnMut(&[u8]) + Send,
) {
    thread::scope(|scope| {
        let (filled, incoming) = channel::bounded::<Lent>(0);
        scope.spawn(move || {
            for buffer in incoming {
                consume(&buffer);
            }
        });
        loop {
            let mut buffer = buffers.take();
            if !fill(&mut buffer) || filled.send(buffer).is_err() {
                break;
            }
        }
    });
}
