//! Must fail: a_thousand_rounds_take_two_allocations (wrong), a_buffer_comes_home_empty (wrong), take_waits_for_a_buffer_to_come_home (wrong), a_panicking_holder_loses_no_buffer (wrong), what_was_filled_is_consumed_in_order (wrong)
//! Hint: Your buffers come home with everything in them. What does the next holder find, who expects an empty one?
//!
//! The mistake: the buffer comes home as it is. The next one who takes it appends to what the
//! last one has left.

use std::mem;
use std::ops::{Deref, DerefMut};

use wt_core::channel;
use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_core::thread;

#[derive(Debug, Clone)]
pub struct Recycler {
    shelf: Arc<Shelf>,
}

#[derive(Debug)]
struct Shelf {
    capacity: usize,
    home: Mutex<Vec<Vec<u8>>>,
    came_home: Condvar,
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
                came_home: Condvar::new(),
            }),
        }
    }

    #[must_use]
    pub fn take(&self) -> Lent {
        let mut home = self.shelf.lock();
        loop {
            if let Some(bytes) = home.pop() {
                return self.lend(bytes);
            }
            home = self.shelf.sleep(home);
        }
    }

    #[must_use]
    pub fn try_take(&self) -> Option<Lent> {
        let bytes = self.shelf.lock().pop()?;
        Some(self.lend(bytes))
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

    fn sleep<'a>(&'a self, home: MutexGuard<'a, Vec<Vec<u8>>>) -> MutexGuard<'a, Vec<Vec<u8>>> {
        self.came_home.wait(home).expect(UNPOISONED)
    }
}

const UNPOISONED: &str = "no code of the caller runs under this lock";

impl Drop for Lent {
    fn drop(&mut self) {
        let bytes = mem::take(&mut self.bytes);
        self.shelf.lock().push(bytes);
        self.shelf.came_home.notify_one();
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
        let (filled, incoming) = channel::unbounded::<Lent>();
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
