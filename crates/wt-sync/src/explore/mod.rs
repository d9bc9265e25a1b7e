//! Every order of steps, one after the other: the façade's explore mode.
//!
//! [`explore`] runs a function again and again. Each run is an *execution*: its
//! threads are coroutines of [shuttle](https://docs.rs/shuttle), of which one goes on at
//! a time, and before everything that another thread can see or change, the *schedule*
//! decides who goes on. A fault that needs one order in 3,000 is found, and because a
//! schedule is decided by its number, [`replay`] finds it again, always.
//!
//! What an execution can come to:
//!
//! | | How it is seen |
//! | --- | --- |
//! | all is well | the function returns, and every thread it started has ended |
//! | a panic | of the explored function itself; that of another thread is in what `join` returns |
//! | a deadlock | every thread waits, also if the function has returned long ago |
//! | a livelock | it has not ended after [`Options::steps`] decisions |
//!
//! **Time is virtual.** `sleep`, timeouts, `after` and `tick` end when every thread waits,
//! the earliest first; in half of the schedules also while others could go on, as on a
//! machine that is slow. [`Search::Patient`] leaves the second out. `yield_now` takes a
//! millisecond, so that a loop that looks at the clock comes to an end. Nothing else
//! takes any time.
//!
//! **What is not tried.** Orderings weaker than `SeqCst`. Wake-ups for no reason, and
//! `compare_exchange_weak` that fails for no reason. What does not go through the
//! façade: std's own locks and threads, files, real time, the order of a `HashMap`
//! (which differs from process to process, so that a schedule that depends on it cannot
//! be found again). A wait of std's own stops everything, for all threads are one.
//!
//! **Statics** live as long as the process, not as the execution: what one execution
//! leaves in them the next one finds. A lock in a static is free again, though, unless
//! a thread held it in an execution that went wrong.
//!
//! The ways to search are PCT (Burckhardt and others, 2010), random choice, and a search
//! in depth for small functions.
//!
//! # Examples
//!
//! ```
//! use wt_sync::explore::{Options, How, explore};
//! use wt_sync::sync::atomic::{AtomicU32, Ordering::SeqCst};
//! use wt_sync::thread;
//!
//! let explored = explore(&Options::default(), || {
//!     let count = AtomicU32::new(0);
//!     thread::scope(|scope| {
//!         for _ in 0..2 {
//!             // Two steps, and another thread may come between them.
//!             scope.spawn(|| count.store(count.load(SeqCst) + 1, SeqCst));
//!         }
//!     });
//!     assert_eq!(count.load(SeqCst), 2);
//! });
//! let failure = explored.failure.expect("it is found");
//! assert!(matches!(failure.how, How::Panicked(_)));
//! ```

pub mod channel;
mod dice;
mod guide;
mod local;
mod policy;
mod run;
mod step;
pub mod sync;
pub mod thread;
pub mod time;
mod wait;
mod world;

/// Whether the caller is part of an execution.
#[must_use]
pub fn is_running() -> bool {
    world::inside()
}

/// Whether any thread of the process explores or replays right now.
#[must_use]
pub fn is_searching() -> bool {
    run::SEARCHING.load(std::sync::atomic::Ordering::Relaxed) > 0
}

pub use run::{
    Explored, Failure, How, LiveThread, Options, Replayed, ScheduleNumber, Search, ToldStep,
    explore, replay,
};
