//! The harness and the probes that a hidden check links.
//!
//! A check is a plain function with a claim as its name and asserts in its body.
//! [`run`] gives every check a process of its own. The verdict leaves through a
//! private pipe as a *transcript* with a closing line, never through stdout or
//! the exit code: a program that exits early, aborts or prints "test result: ok"
//! leaves a transcript without its end, and that is never a pass.
//!
//! The probes turn "is it really parallel?", "was anything copied?" or "does the
//! producer wait?" into facts that can be counted. None of them measures elapsed
//! time, and every wait in them ends after [`patience`].
//!
//! | Probe | Answers |
//! | --- | --- |
//! | [`Rendezvous`] | were n jobs running at the same moment? |
//! | [`InFlight`] | how many were inside at once, at most? |
//! | [`Watched`] | is this thread asleep, still running, or done? |
//! | [`settle`] | has everything happened that will happen by itself? |
//! | [`ThreadCount`] | which threads were left behind? |
//! | [`AllocProbe`] | how many bytes were allocated, and how many at once? |
//! | [`FakeClock`] | what happens after 30 seconds, at once? |
//! | [`observe`] | what was computed? (judged outside this process) |
//!
//! # Examples
//!
//! ```no_run
//! use std::process::ExitCode;
//! use wt_check::check;
//!
//! fn main() -> ExitCode {
//!     wt_check::run(&[check!(two_and_two_are_four)])
//! }
//!
//! fn two_and_two_are_four() {
//!     assert_eq!(2 + 2, 4, "two and two did not make four");
//! }
//! ```
//!
//! A check made by [`explore!`] is another thing: it uses none of these probes, and
//! runs under thousands of schedules.
//!
//! The process model is that of nextest (one process per test); the closing line
//! is TAP's plan, put at the end where a program that dies cannot have written it.

mod alloc;
mod check;
mod clock;
mod compare;
#[cfg(feature = "record")]
mod deadlock;
#[cfg(feature = "explore")]
mod explored;
mod harness;
mod in_flight;
mod observe;
mod panics;
mod rendezvous;
mod request;
mod self_run;
mod stacks;
mod stall;
mod tasks;
mod thread_count;
pub mod trace;
mod transcript;
mod wait;
mod watched;

pub use alloc::{AllocProbe, AllocStats};
pub use check::Check;
#[doc(hidden)]
pub use check::not_in_this_program;
pub use clock::FakeClock;
pub use compare::{assert_same_at, assert_snapshot_at};
pub use fastrand;
pub use harness::run;
pub use in_flight::{Flight, InFlight};
pub use observe::{observe, rng, seed};
pub use panics::{PanicNote, panics};
pub use rendezvous::Rendezvous;
pub use thread_count::ThreadCount;
pub use wait::{patience, wait_until};
pub use watched::{Activity, Unjoined, Watched, settle, spawn};
