//! The façade that the course's code is written against: `thread`, `sync`,
//! `channel` and `time`, with the names and signatures of std and
//! crossbeam-channel.
//!
//! It has two modes. **Plain**, the default, is re-exports: the façade costs
//! nothing, and code that uses it reads like code that does not. With the feature
//! `record` the same names are watched ones, which do what the real ones do and
//! note who waits for what: see the module `record`, which exists in that mode
//! only. A build chooses the mode; code that is written against the façade does
//! not change. [`time::Clock`] is the one addition: std has no clock that a test
//! can move.
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

#[cfg(feature = "record")]
pub mod record;

/// Operating-system threads, exactly as in [`std::thread`].
pub mod thread {
    #[cfg(feature = "record")]
    pub use crate::record::thread::*;
    #[cfg(not(feature = "record"))]
    pub use std::thread::*;
}

/// A value per thread, exactly as [`std::thread_local!`].
pub use std::thread_local;

/// Locks, condition variables, atomics and shared ownership, exactly as in
/// [`std::sync`].
pub mod sync {
    #[cfg(feature = "record")]
    pub use crate::record::sync::*;
    #[cfg(not(feature = "record"))]
    pub use std::sync::*;
}

/// Channels with any number of senders and receivers, exactly as in
/// [`crossbeam_channel`].
pub mod channel {
    #[cfg(feature = "record")]
    pub use crate::record::channel::*;
    #[cfg(not(feature = "record"))]
    pub use crossbeam_channel::*;
}

pub mod time;
