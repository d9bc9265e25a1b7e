//! Memory: what a burst of queued jobs holds, and what is left of it.

use std::sync::{Arc, Barrier};

use super::flood::job;
use crate::contender::{Contender, Goal, Outcome, Row, Unit};
use crate::count::{Held, held};
use crate::for_each_pool;
use crate::peers::Executor;
use crate::work::{Tally, workers};

const BURST: u64 = 1_000_000;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "m.peak",
            "1,000,000 jobs queued at once: bytes per job at the peak",
            Unit::Bytes,
            BURST,
            for_each_pool!(peak),
        )
        .goals(&[Goal::aim(1.0)]),
        Row::new(
            "m.left",
            "1,000,000 jobs queued at once: memory still held once all have run",
            Unit::Kibibytes,
            BURST,
            for_each_pool!(left),
        )
        .not_compared(),
    ]
}

fn peak<P: Executor>() -> Contender {
    burst::<P>(|held, jobs| held.peak as f64 / jobs as f64)
}

fn left<P: Executor>() -> Contender {
    burst::<P>(|held, _| held.left as f64)
}

/// Occupies the workers, queues all jobs, and lets them run.
fn burst<P: Executor>(figure: fn(Held, u64) -> f64) -> Contender {
    Contender::new(P::NAME, P::KIND, move || {
        let pool = P::start_unbounded(workers());
        move |jobs| {
            let ((), held) = held(|| {
                let gate = Arc::new(Barrier::new(workers() + 1));
                for _ in 0..workers() {
                    let gate = Arc::clone(&gate);
                    pool.spawn(move || {
                        gate.wait();
                    });
                }
                let tally = Tally::begin();
                for number in 0..jobs {
                    pool.spawn(job(0, number, |_| ()));
                }
                gate.wait();
                drop(gate);
                tally.wait_for(jobs);
            });
            Outcome::Amount(figure(held, jobs))
        }
    })
}
