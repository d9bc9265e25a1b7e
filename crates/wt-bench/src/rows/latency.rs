//! Rows c: one job, from its submission to its result.

use std::hint;
use std::thread;
use std::time::{Duration, Instant};

use crate::contender::{Contender, Goal, Outcome, Row, Unit};
use crate::count::cpu_time;
use crate::for_each_pool;
use crate::peers::{Executor, Parking, Spinning, Wait};
use crate::work::{Tally, note, workers};

/// Longer than most pools spin, so that their workers sleep.
const PAUSE: Duration = Duration::from_micros(150);

pub(super) fn rows() -> Vec<Row> {
    let goals = [
        Goal::must(1.0).by(Parking::NAME),
        Goal::aim(0.3).by(Spinning::NAME),
    ];
    let hot = with_idles(for_each_pool!(hot), [hot::<Parking>(), hot::<Spinning>()]);
    let idle = with_idles(
        for_each_pool!(idle),
        [idle::<Parking>(), idle::<Spinning>()],
    );
    vec![
        Row::new(
            "c.hot",
            "one job, submit to result, one after the other",
            Unit::Micros,
            20_000,
            hot,
        )
        .goals(&goals),
        Row::new(
            "c.idle",
            "one job, submit to result, after 150 µs without work",
            Unit::Micros,
            500,
            idle,
        )
        .goals(&goals),
        Row::new(
            "c.cpu",
            "an idle pool, 10 ms after its last job: CPU time of the process in 50 ms",
            Unit::Micros,
            1,
            for_each_pool!(rest),
        )
        .not_compared(),
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

/// What the pool's threads use while there is nothing to do. The thread that measures
/// sleeps.
fn rest<P: Executor>() -> Contender {
    const JOBS: u64 = 1_000;
    Contender::new(P::NAME, P::KIND, || {
        let pool = P::start(workers());
        move |times| {
            let mut used = Duration::ZERO;
            for _ in 0..times {
                let tally = Tally::begin();
                (0..JOBS).for_each(|number| pool.spawn(move || note(number)));
                tally.wait_for(JOBS);
                thread::sleep(Duration::from_millis(10));
                let before = cpu_time().unwrap_or_default();
                thread::sleep(Duration::from_millis(50));
                used += cpu_time().unwrap_or_default() - before;
            }
            Outcome::Amount(used.as_secs_f64() * 1e9 / times as f64)
        }
    })
}
