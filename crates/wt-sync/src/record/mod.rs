//! Who waits for what: the façade's watched mode.
//!
//! Each watched operation writes down, under one lock, what its thread is about
//! to wait for and what it did: took a lock, sent, received, notified, started or
//! joined a thread. From that [`look`] builds the wait-for graph (Holt, "Some
//! deadlock properties of computer systems", 1972) and finds
//!
//! - a cycle: each thread waits for a lock or an end that the next one owes it;
//! - everybody asleep: no thread is left that could wake another.
//!
//! The answer errs on one side. Whenever a wait could still end in a way that is
//! not written down, the thread counts as one that may go on: a timeout, a
//! `select!`, a thread that never used the façade. So what is reported is stuck,
//! but not all that is stuck is reported.
//!
//! A wake-up is on its way for a moment: the thread that was woken has not written
//! down yet that it runs. The caller of [`look`] has to make sure that nothing is:
//! that the same answer comes again while the system says that every thread it
//! names has slept in between.
//!
//! With [`keep_log`] every event is kept, for a timeline; with [`fix_schedule`] the
//! threads run one at a time in a fixed order, so that the events are the same each
//! time. Whatever the watched program does, the record needs less than 64 MB: the
//! last steps are a ring, records of threads are used again, and the log ends when
//! it is full.

pub mod channel;
mod ends;
mod graph;
mod log;
mod object;
mod state;
mod step;
pub mod sync;
pub mod thread;
mod turn;

#[cfg(target_os = "linux")]
pub use graph::count_threads_by;
pub use graph::{Stuck, StuckThread, look, who_waits};
pub use log::{keep_log, span, write_log};
pub use state::expect_unwatched;
pub use step::{poisoned, step_count, steps, steps_since};
pub use turn::{Progress, fix_schedule, progress};
