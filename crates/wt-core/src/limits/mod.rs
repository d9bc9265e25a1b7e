//! Limits that are not about the number of jobs: how much may be in use at once.
//!
//! ```text
//!  Budget of 64        acquire(16) ──> Permit 16 ── drop ──> 16 come back
//!  [################|················]
//!        in use           free          [ acquire(40), acquire(8) ]
//!                                          first come, first served
//! ```
//!
//! A bounded queue limits how many jobs wait, which says nothing about memory
//! when one job holds a kilobyte and the next a gigabyte. A [`Budget`] counts
//! what you give it, usually bytes: a job takes a [`Permit`] for what it will
//! use, and its drop gives the amount back, also when the job panics.
//!
//! Other names: a weighted or counting semaphore (tokio, Java), a memory quota.
//! Limits that other modules have: the length of a queue and its policy
//! ([`Builder::queue`](crate::pool::Builder::queue)), the number of buffers
//! ([`BufferPool`](crate::buffer::BufferPool)).

mod budget;
mod error;
mod line;
mod permit;

pub use budget::{Budget, BudgetStats};
pub use error::AcquireError;
pub use permit::Permit;
