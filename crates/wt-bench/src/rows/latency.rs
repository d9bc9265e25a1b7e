//! Rows c: one job, from its submission to its result.

use std::hint;
use std::time::{Duration, Instant};

use crate::contender::{Contender, Outcome, Row, Unit};
use crate::for_each_pool;
use crate::peers::{Executor, Parking, Spinning, Wait};
use crate::work::workers;

/// Longer than most pools spin, so that their workers sleep.
const PAUSE: Duration = Duration::from_micros(150);

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            id: "c.hot",
            title: "one job, submit to result, one after the other",
            unit: Unit::Micros,
            ops: 20_000,
            contenders: with_idles(for_each_pool!(hot), [hot::<Parking>(), hot::<Spinning>()]),
        },
        Row {
            id: "c.idle",
            title: "one job, submit to result, after 150 µs without work",
            unit: Unit::Micros,
            ops: 500,
            contenders: with_idles(
                for_each_pool!(idle),
                [idle::<Parking>(), idle::<Spinning>()],
            ),
        },
    ]
}

fn with_idles(mut all: Vec<Contender>, others: [Contender; 2]) -> Vec<Contender> {
    all.extend(others);
    all
}

fn hot<P: Executor>() -> Contender {
    round_trip::<P>(|| ())
}

fn idle<P: Executor>() -> Contender {
    // The caller stays awake: it is the pool's wake-up that is measured, not its own.
    round_trip::<P>(|| {
        let start = Instant::now();
        while start.elapsed() < PAUSE {
            hint::spin_loop();
        }
    })
}

fn round_trip<P: Executor>(pause: fn()) -> Contender {
    Contender::new(P::NAME, P::KIND, move || {
        let pool = P::start(workers());
        move |jobs| {
            let each = (0..jobs).map(|number| {
                pause();
                let start = Instant::now();
                let result = pool.ask(move || number + 1).wait();
                let took = start.elapsed();
                assert_eq!(result, number + 1);
                took
            });
            Outcome::Each(each.collect())
        }
    })
}
