//! The façade that the course's code is written against: `thread`, `sync`,
//! `channel` and `time`, with the names and signatures of std and
//! crossbeam-channel.
//!
//! It has three modes. **Plain**, the default, is re-exports: the façade costs
//! nothing, and code that uses it reads like code that does not. With the feature
//! `record` the same names are watched ones, which do what the real ones do and
//! note who waits for what: see the module `record`, which exists in that mode
//! only. With the feature `explore` a scheduler decides which thread goes on, and
//! tries one order of steps after the other: see the module `explore`. A build
//! chooses the mode; code that is written against the façade does not change.
//! [`time::Clock`] is the one addition: std has no clock that a test can move.
//!
//! A build that asks for both gets `explore`.
//!
//! # Examples
//!
#![cfg_attr(feature = "explore", doc = "```no_run")]
#![cfg_attr(not(feature = "explore"), doc = "```")]
//! use wt_sync::{channel, thread};
//!
//! let (tx, rx) = channel::bounded(1);
//! let worker = thread::spawn(move || tx.send(6 * 7));
//! assert_eq!(rx.recv(), Ok(42));
//! worker.join().unwrap().unwrap();
//! ```

#[cfg(feature = "explore")]
pub mod explore;
#[cfg(feature = "record")]
pub mod record;

/// Operating-system threads, exactly as in [`std::thread`].
pub mod thread {
    #[cfg(feature = "explore")]
    pub use crate::explore::thread::*;
    #[cfg(all(feature = "record", not(feature = "explore")))]
    pub use crate::record::thread::*;
    #[cfg(not(any(feature = "record", feature = "explore")))]
    pub use std::thread::*;
}

/// A value per thread, exactly as [`std::thread_local!`].
#[cfg(feature = "explore")]
pub use __explore_thread_local as thread_local;
/// A value per thread, exactly as [`std::thread_local!`].
#[cfg(not(feature = "explore"))]
pub use std::thread_local;

/// Locks, condition variables, atomics and shared ownership, exactly as in
/// [`std::sync`].
pub mod sync {
    #[cfg(feature = "explore")]
    pub use crate::explore::sync::*;
    #[cfg(all(feature = "record", not(feature = "explore")))]
    pub use crate::record::sync::*;
    #[cfg(not(any(feature = "record", feature = "explore")))]
    pub use std::sync::*;
}

/// Channels with any number of senders and receivers, exactly as in
/// [`crossbeam_channel`].
pub mod channel {
    #[cfg(feature = "explore")]
    pub use crate::explore::channel::*;
    #[cfg(all(feature = "record", not(feature = "explore")))]
    pub use crate::record::channel::*;
    #[cfg(not(any(feature = "record", feature = "explore")))]
    pub use crossbeam_channel::*;
}

pub mod time;
