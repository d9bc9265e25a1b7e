//! The rows of the table. Their letters are those of the project's notes.

mod channel;
mod data;
mod flood;
mod handles;
mod handover;
mod latency;
mod memory;

use crate::contender::Row;

/// All rows, in the order of the table.
#[must_use]
pub fn all() -> Vec<Row> {
    let mut rows = flood::rows();
    rows.extend(handles::rows());
    rows.extend(latency::rows());
    rows.extend(data::rows());
    rows.extend(channel::rows());
    rows.extend(handover::rows());
    rows.extend(memory::rows());
    rows
}
