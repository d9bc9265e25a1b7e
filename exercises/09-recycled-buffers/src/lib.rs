//! Lesson 09: buffers that come home. The brief is in `README.md`.
//!
//! You may use `wt_core::{thread, channel, sync}` and std. What you build here is inside
//! `wt_core::buffer::BufferPool`; leave that one alone.

use std::ops::{Deref, DerefMut};

/// A fixed number of buffers, lent to whoever needs one. Clones are handles to the same
/// buffers.
#[derive(Debug, Clone)]
pub struct Recycler {
    // What do all handles share, and where do those sleep who find nothing?
}

/// A buffer that is out. It is a `Vec<u8>` to whoever has it, and goes home when it is
/// dropped.
#[derive(Debug)]
pub struct Lent {
    bytes: Vec<u8>,
    // How does it find its way home?
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
        todo!("make {buffers} buffers of {capacity} bytes")
    }

    /// Takes an empty buffer, and sleeps until one is home.
    #[must_use]
    pub fn take(&self) -> Lent {
        todo!("take a buffer, or wait for one")
    }

    /// Takes an empty buffer if one is home, and never waits.
    #[must_use]
    pub fn try_take(&self) -> Option<Lent> {
        todo!("take a buffer, if one is home")
    }

    /// How many buffers are home now.
    #[must_use]
    pub fn home(&self) -> usize {
        todo!("count the buffers that are home")
    }
}

impl Drop for Lent {
    /// Also runs when the holder panics: the way home is the only way out.
    fn drop(&mut self) {
        todo!("bring {} bytes of room home", self.bytes.capacity())
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
    let mut buffer = buffers.take();
    while fill(&mut buffer) {
        consume(&buffer);
        todo!("fill one buffer while another one is consumed")
    }
}
