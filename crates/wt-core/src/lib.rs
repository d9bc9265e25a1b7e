//! Worker pools, ports and zero-copy buffers for operating-system threads.
//!
//! ```text
//!  you ──submit──> [ j4 j3 j2 j1 ] ──> worker ──> JoinHandle
//!                   bounded queue  ──> worker
//!
//!  Port<A, B>  ── A ──>  Port<B, A>      duplex, typed
//!              <── B ──
//!
//!  file ── Mapping ──┬── SharedSlice     one region,
//!                    ├── SharedSlice     many owners,
//!                    └── SharedSlice     no copy
//! ```
//!
//! | Module | What it gives |
//! | --- | --- |
//! | [`pool`] | [`Pool`](pool::Pool): worker threads behind a bounded queue, with join handles and scopes |
//! | [`port`] | [`Port`](port::Port): one end of a two-way channel, and request-response on top of it |
//! | [`buffer`] | [`SharedSlice`](buffer::SharedSlice) and [`Mapping`](buffer::Mapping): bytes that many threads own at once; [`BufferPool`](buffer::BufferPool): buffers that are used again |
//! | [`limits`] | [`Budget`](limits::Budget): how many bytes may be in use at once |
//! | [`monitor`] | [`Sample`](monitor::Sample), [`Period`](monitor::Period), [`Health`](monitor::Health): what a pool is doing, in numbers |
//! | [`thread`], [`sync`], [`channel`], [`time`] | the façade of `wt-sync`: std and crossbeam-channel under one roof |
//!
//! Nothing here is a runtime: there is no global pool, no hidden thread, and
//! nothing starts before you ask for it. A call that may block says so, and says
//! until when.
//!
//! # Examples
//!
//! Count the lines of a text on every core, without copying it:
//!
//! ```
//! use wt_core::buffer::SharedSlice;
//! use wt_core::pool::Pool;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = Pool::builder().name("count").workers(2).build()?;
//! let text = SharedSlice::from_vec(b"one\ntwo\nthree\n".to_vec());
//!
//! let mut jobs = Vec::new();
//! for part in text.split_lines(pool.workers()) {
//!     jobs.push(pool.submit(move || part.iter().filter(|&&b| b == b'\n').count())?);
//! }
//! let mut lines = 0;
//! for job in jobs {
//!     lines += job.join()?;
//! }
//! assert_eq!(lines, 3);
//! # Ok(())
//! # }
//! ```

#![deny(unsafe_op_in_unsafe_fn)]

pub mod buffer;
pub mod limits;
pub mod monitor;
pub mod pool;
pub mod port;

pub use wt_sync::{channel, sync, thread, time};

/// Keeps the example of the README true.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
