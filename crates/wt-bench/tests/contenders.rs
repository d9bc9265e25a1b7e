//! Each contender of each row does its work. They check it themselves.

use std::sync::{Mutex, PoisonError};

use wt_bench::contender::Kind;
use wt_bench::{measure, rows};

/// The tally and the allocation counter are of the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn every_contender_does_all_of_its_work() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for mut row in rows::all() {
        row.ops = (row.ops / 1_000).max(1);
        let figures = measure::row(&row, 1, |_| ());
        assert_eq!(figures.len(), row.contenders.len());
        for figures in figures {
            assert!(
                figures.median > 0.0 || !row.is_compared,
                "{}: {} took no time",
                row.id,
                figures.name
            );
            assert!(figures.min <= figures.median && figures.median <= figures.max);
        }
    }
}

#[test]
fn every_row_has_a_name_of_its_own_and_a_peer() {
    let rows = rows::all();
    for (i, row) in rows.iter().enumerate() {
        assert!(
            rows[..i].iter().all(|other| other.id != row.id),
            "two rows are called {}",
            row.id
        );
        assert!(
            row.contenders.iter().any(|c| c.kind == Kind::Peer),
            "{} has no peer",
            row.id
        );
    }
}

#[test]
fn a_buffer_is_handed_over_without_a_copy() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut rows = rows::all();
    let row = rows
        .iter_mut()
        .find(|row| row.id == "handover")
        .expect("the row");
    row.ops = 20;
    for figures in measure::row(row, 1, |_| ()) {
        assert_eq!(
            figures.large_bytes > 0.0,
            figures.reference,
            "{}",
            figures.name
        );
    }
}
