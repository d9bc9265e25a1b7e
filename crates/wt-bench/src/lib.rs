//! wt-core beside its peers, in one process, as one table.
//!
//! ```text
//! cargo run --release -p wt-bench                      # all rows, 9 rounds each
//! cargo run --release -p wt-bench -- a.one ping        # rows whose name contains a word
//! cargo run --release -p wt-bench -- --book            # also to book/src/generated/bench.md
//! cargo bench -p wt-bench                              # criterion: plots as HTML, target/criterion
//! ```
//!
//! # Method
//!
//! - **Same process, same minute.** A round runs every contender of a row once, in
//!   a fresh random order; then the next round. What disturbs the machine disturbs
//!   all of them. The median over the rounds is compared; minimum and maximum are
//!   printed beside it, because a median without its spread says little.
//! - **A fresh pool or channel per contender and round**, warmed up with a
//!   twentieth of the work, and gone before the next one starts: nobody is measured
//!   while a peer's idle threads still spin.
//! - **The same work, checked.** Every job adds its number to a tally, and every
//!   message is summed by its receiver. A lost, doubled or skipped one is a panic,
//!   not a good figure. A job captures 16 bytes: a boxed closure without captures
//!   would cost its pool no allocation, which no real job is like.
//! - **As many workers as cores**, for every pool. The submitters come on top.
//! - **Defaults.** Each pool is built as its first example builds it. So wt-core's
//!   queue is bounded, and the others' are not, because they have no bound.
//! - **Peers without a result handle** get theirs from the `oneshot` crate.
//! - `cpu` is the process's CPU time per operation, all threads together. A pool that
//!   spins pays for its latency there. `allocs` is counted in a round of its own, which
//!   is not timed.
//! - **The ratio** is the median over the median of the row's best peer, in the same
//!   run. Below 1 is faster. References (serial code, a copy) are shown, not compared.
//!   Under each row stands what the project asks of it, and whether that was reached.
//! - **Memory** is what the process asked its allocator for and has not given back,
//!   counted from before the burst.
//!
//! What it does not show: more cores than this machine has, other allocators than
//! the system's, other systems than the one it ran on.
//!
//! Criterion runs the same cases. It does not interleave them, so its plots are for
//! the shape of a distribution, and the table is for comparing.

#![deny(unsafe_op_in_unsafe_fn)]

pub mod contender;
pub mod count;
pub mod machine;
pub mod measure;
pub mod peers;
pub mod plot;
pub mod report;
pub mod rows;
pub mod work;
