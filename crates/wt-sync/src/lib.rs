//! The façade that the course's code is written against: `thread`, `sync`,
//! `channel` and `time`, with the names and signatures of std and
//! crossbeam-channel.
//!
//! Everything here is a re-export, so the façade costs nothing and code that
//! uses it reads like code that does not. It exists so that one line of a build
//! can later swap the real primitives for watched ones without touching a
//! lesson. [`time::Clock`] is the one addition: std has no clock that a test can
//! move.
//!
//! # Examples
//!
//! ```
//! use wt_sync::{channel, thread};
//!
//! let (tx, rx) = channel::bounded(1);
//! let worker = thread::spawn(move || tx.send(6 * 7));
//! assert_eq!(rx.recv(), Ok(42));
//! worker.join().unwrap().unwrap();
//! ```

/// Operating-system threads, exactly as in [`std::thread`].
pub mod thread {
    pub use std::thread::*;
}

/// Locks, condition variables, atomics and shared ownership, exactly as in
/// [`std::sync`].
pub mod sync {
    pub use std::sync::*;
}

/// Channels with any number of senders and receivers, exactly as in
/// [`crossbeam_channel`].
pub mod channel {
    pub use crossbeam_channel::*;
}

pub mod time;
