//! Who grades what next.
//!
//! rustc uses again what it kept of a lesson's checks, in the folder in which it kept
//! it. So each thread stays with its lesson while that has sources left, and then
//! goes where the fewest others are and most is left.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::error::GradeError;
use crate::parallel::in_an_order;

/// One lesson's items that nobody has taken, and how many threads are with it.
#[derive(Debug, Default)]
struct Line {
    left: VecDeque<usize>,
    threads: usize,
}

/// Maps `items` with `jobs` threads; the results keep the order. `line_of` tells which
/// items belong together: it numbers the lines from 0.
///
/// # Errors
///
/// The first error of `f`; no further item is begun after it.
pub(super) fn in_turns<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    line_of: impl Fn(&T) -> usize,
    f: impl Fn(&T) -> Result<R, GradeError> + Sync,
) -> Result<Vec<R>, GradeError> {
    let mut lines: Vec<Line> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let line = line_of(item);
        if lines.len() <= line {
            lines.resize_with(line + 1, Line::default);
        }
        lines[line].left.push_back(at);
    }
    let lines = Mutex::new(lines);
    let next = |mine: &mut Option<usize>| {
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        take(&mut lines, mine)
    };
    in_an_order(items, jobs, next, f)
}

/// The next item of the line that is `mine`, or of another one that becomes mine.
fn take(lines: &mut [Line], mine: &mut Option<usize>) -> Option<usize> {
    let has_more = |at: &usize| !lines[*at].left.is_empty();
    if mine.filter(has_more).is_none() {
        let others = (0..lines.len()).filter(has_more);
        let best = others.min_by_key(|at| (lines[*at].threads, Reverse(lines[*at].left.len())))?;
        if let Some(left) = mine.replace(best) {
            lines[left].threads -= 1;
        }
        lines[best].threads += 1;
    }
    mine.and_then(|at| lines[at].left.pop_front())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(counts: &[usize]) -> Vec<Line> {
        let mut next = 0..;
        let line = |count: &usize| Line {
            left: next.by_ref().take(*count).collect(),
            threads: 0,
        };
        counts.iter().map(line).collect()
    }

    #[test]
    fn a_thread_stays_with_its_line_and_then_goes_where_the_fewest_are() {
        let mut lines = lines(&[3, 2]);
        let (mut first, mut second) = (None, None);
        let begin = [take(&mut lines, &mut first), take(&mut lines, &mut second)];
        assert_ne!(first, second, "each has a line of its own");
        assert_eq!(begin.len(), 2);
        while take(&mut lines, &mut first).is_some() {}
        assert_eq!(take(&mut lines, &mut second), None, "the first took all");
        assert!(lines.iter().all(|line| line.left.is_empty()));
    }

    #[test]
    fn as_many_items_as_jobs_are_worked_on_at_once() {
        let both = std::sync::Barrier::new(2);
        let met = in_turns(&[0, 1], 2, |item| *item, |_| Ok(both.wait().is_leader()));
        assert_eq!(met.unwrap().iter().filter(|leader| **leader).count(), 1);
    }

    #[test]
    fn results_keep_the_order_and_an_error_ends_it() {
        let items: Vec<usize> = (0..50).collect();
        let doubled = in_turns(&items, 4, |item| item % 3, |item| Ok(item * 2)).unwrap();
        assert_eq!(
            doubled,
            items.iter().map(|item| item * 2).collect::<Vec<_>>()
        );

        let failed = in_turns(
            &items,
            1,
            |_| 0,
            |item| match item {
                3 => Err(GradeError::Course("three".into())),
                4.. => panic!("begun after an error"),
                _ => Ok(()),
            },
        );
        assert!(failed.is_err());
    }
}
