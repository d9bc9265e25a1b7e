//! Row b: jobs with result handles, of which a fixed number is in flight.

use std::collections::VecDeque;
use std::time::Instant;

use crate::contender::{Contender, Goal, Outcome, Row, Unit};
use crate::for_each_pool;
use crate::peers::{Executor, Wait};
use crate::work::{sum_below, workers};

const IN_FLIGHT: usize = 1_000;

pub(super) fn rows() -> Vec<Row> {
    let row = Row::new(
        "b.handles",
        "no-op jobs with result handles, 1,000 in flight",
        Unit::Nanos,
        300_000,
        for_each_pool!(window),
    );
    vec![row.goals(&[Goal::must(1.0), Goal::aim(0.25)])]
}

fn window<P: Executor>() -> Contender {
    Contender::new(P::NAME, P::KIND, || {
        let pool = P::start(workers());
        move |jobs| {
            let mut handles = VecDeque::with_capacity(IN_FLIGHT);
            let mut sum = 0_u64;
            let start = Instant::now();
            for number in 0..jobs {
                if handles.len() == IN_FLIGHT {
                    let oldest: P::Handle = handles.pop_front().expect("just counted");
                    sum = sum.wrapping_add(oldest.wait());
                }
                handles.push_back(pool.ask(move || number));
            }
            for handle in handles {
                sum = sum.wrapping_add(handle.wait());
            }
            let took = start.elapsed();
            assert_eq!(sum, sum_below(jobs), "a result is lost or wrong");
            Outcome::Total(took)
        }
    })
}
