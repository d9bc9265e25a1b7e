//! Buffers that come home: a few are allocated, lent out, and used again.
//!
//! Also known as a free list or an object pool. [`double_buffered`] is the oldest use
//! of it: one buffer is filled while the other is read.

use std::mem;
use std::ops::{Deref, DerefMut};

use wt_core::channel;
use wt_core::sync::{Arc, Condvar, Mutex, MutexGuard};
use wt_core::thread;

/// A fixed number of buffers, lent to whoever needs one. Clones are handles to the same
/// buffers.
#[derive(Debug, Clone)]
pub struct Recycler {
    shelf: Arc<Shelf>,
}

#[derive(Debug)]
struct Shelf {
    capacity: usize,
    /// The buffers that are home. The others are owned by a [`Lent`] each.
    home: Mutex<Vec<Vec<u8>>>,
    came_home: Condvar,
}

/// A buffer that is out. It is a `Vec<u8>` to whoever has it, and goes home when it is
/// dropped.
#[derive(Debug)]
pub struct Lent {
    bytes: Vec<u8>,
    shelf: Arc<Shelf>,
}

impl Recycler {
    /// Makes `buffers` empty buffers with room for `capacity` bytes each.
    ///
    /// # Panics
    ///
    /// Panics if `buffers` is 0: `take` would wait for ever.
    #[must_use]
    pub fn new(buffers: usize, capacity: usize) -> Self {
        assert!(buffers > 0, "0 buffers cannot be lent");
        // Not `vec![…; buffers]`: that clones, and a clone of an empty `Vec` has no room.
        let home = (0..buffers).map(|_| Vec::with_capacity(capacity)).collect();
        Self {
            shelf: Arc::new(Shelf {
                capacity,
                home: Mutex::new(home),
                came_home: Condvar::new(),
            }),
        }
    }

    /// Takes an empty buffer, and sleeps until one is home.
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

    /// Takes an empty buffer if one is home, and never waits.
    #[must_use]
    pub fn try_take(&self) -> Option<Lent> {
        let bytes = self.shelf.lock().pop()?;
        Some(self.lend(bytes))
    }

    /// How many buffers are home now.
    #[must_use]
    pub fn home(&self) -> usize {
        self.shelf.lock().len()
    }

    fn lend(&self, mut bytes: Vec<u8>) -> Lent {
        // Free of charge, unless somebody has taken the `Vec` out of its `Lent`.
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

    /// Gives the lock back, sleeps until a buffer may be home, and takes the lock again.
    fn sleep<'a>(&'a self, home: MutexGuard<'a, Vec<Vec<u8>>>) -> MutexGuard<'a, Vec<Vec<u8>>> {
        self.came_home.wait(home).expect(UNPOISONED)
    }
}

/// Why the lock is never poisoned.
const UNPOISONED: &str = "no code of the caller runs under this lock";

impl Drop for Lent {
    /// Also runs when the holder panics: the way home is the only way out.
    fn drop(&mut self) {
        let mut bytes = mem::take(&mut self.bytes);
        bytes.clear();
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

/// Fills buffers on this thread and has another one consume them in order, both at the
/// same time. With two buffers, one is filled while the other is consumed.
///
/// `fill` gets an empty buffer and says whether it has filled it; `false` is the end.
/// Blocks until every filled buffer has been consumed.
///
/// # Panics
///
/// With the panic of `fill`, or if `consume` panics. In both cases all buffers go home.
pub fn double_buffered(
    buffers: &Recycler,
    mut fill: impl FnMut(&mut Vec<u8>) -> bool,
    mut consume: impl FnMut(&[u8]) + Send,
) {
    thread::scope(|scope| {
        // Made in here: if `fill` panics, `filled` is dropped before the scope waits.
        // Unbounded, as the buffers are the bound. It drops what it holds when its
        // receiver goes; a bounded one would keep the buffers, and `take` would wait.
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
