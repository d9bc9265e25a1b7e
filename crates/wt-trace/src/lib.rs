//! Timelines: what the threads of a scenario did, drawn.
//!
//! `cargo xtask trace 03` has cargo build this crate's program on its first use; a
//! learner's first check never compiles it. The program has `wt-grader` run the
//! scenario with every event kept, and writes
//!
//! | Module | Its noun |
//! | --- | --- |
//! | [`log`] | what happened, as it was written down |
//! | [`names`] | what a lock or a channel is called in the source |
//! | [`timeline`] | lanes, waits and arrows |
//! | [`svg`] | the drawing |
//! | [`text`] | the same for the terminal |
//! | [`contention`] | where time was lost |
//! | [`chrome`] | trace events for Perfetto |
//! | [`pictures`] | the drawings in the book |

pub mod chrome;
pub mod contention;
pub mod log;
pub mod names;
pub mod pictures;
pub mod svg;
pub mod text;
pub mod timeline;

pub use log::Log;
pub use timeline::Timeline;
