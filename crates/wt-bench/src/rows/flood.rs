//! Rows a: many jobs from outside, whose results nobody wants.

use std::thread;
use std::time::Instant;

use crate::contender::{Contender, Goal, Outcome, Row, Unit};
use crate::for_each_pool;
use crate::peers::Executor;
use crate::work::{Tally, burn, note, workers};

pub(super) fn rows() -> Vec<Row> {
    let row = |id, title, ops, contenders| Row::new(id, title, Unit::Nanos, ops, contenders);
    vec![
        row(
            "a.one",
            "no-op jobs, one submitter",
            1_000_000,
            for_each_pool!(one),
        )
        .goals(&[Goal::must(1.0), Goal::aim(0.3)]),
        row(
            "a.two",
            "no-op jobs, two submitters",
            500_000,
            for_each_pool!(two),
        )
        .goals(&[Goal::must(1.0)]),
        row(
            "a.batch",
            "no-op jobs, one submitter, 256 at a time where the pool takes batches",
            500_000,
            for_each_pool!(batch),
        )
        .goals(&[Goal::must(0.6)]),
        row(
            "a.eight",
            "no-op jobs, eight threads at a time that submit 1,000 each and end",
            200_000,
            for_each_pool!(eight),
        )
        .goals(&[Goal::aim(1.0)]),
        row(
            "a.1us",
            "jobs of 1 µs, one submitter",
            100_000,
            for_each_pool!(one_micro),
        )
        .goals(&[Goal::aim(1.0)]),
        row(
            "a.10us",
            "jobs of 10 µs, one submitter",
            20_000,
            for_each_pool!(ten_micros),
        )
        .goals(&[Goal::aim(1.0)]),
        row(
            "a.mixed",
            "jobs of 0.25 µs, every 64th of 50 µs, one submitter",
            100_000,
            for_each_pool!(mixed),
        )
        .goals(&[Goal::aim(1.0)]),
        Row::new(
            "a.trapped",
            "64 no-op jobs behind one of 500 µs: until the last of the 64",
            Unit::Micros,
            100,
            for_each_pool!(trapped),
        )
        .goals(&[Goal::aim(1.0)]),
    ]
}

fn one<P: Executor>() -> Contender {
    flood::<P>(|pool, jobs| submit(pool, 0, jobs, |_| ()))
}

fn one_micro<P: Executor>() -> Contender {
    flood::<P>(|pool, jobs| submit(pool, 0, jobs, |_| burn(1_000)))
}

fn ten_micros<P: Executor>() -> Contender {
    flood::<P>(|pool, jobs| submit(pool, 0, jobs, |_| burn(10_000)))
}

fn mixed<P: Executor>() -> Contender {
    let work = |number: u64| {
        burn(if number.is_multiple_of(64) {
            50_000
        } else {
            250
        })
    };
    flood::<P>(move |pool, jobs| submit(pool, 0, jobs, work))
}

fn two<P: Executor>() -> Contender {
    flood::<P>(|pool, jobs| {
        thread::scope(|s| {
            s.spawn(|| submit(pool, 0, jobs / 2, |_| ()));
            submit(pool, jobs / 2, jobs, |_| ());
        });
    })
}

fn batch<P: Executor>() -> Contender {
    const EACH: u64 = 256;
    flood::<P>(|pool, jobs| {
        for begin in (0..jobs).step_by(EACH as usize) {
            let end = jobs.min(begin + EACH);
            pool.spawn_many((begin..end).map(|number| job(begin, number, |_| ())));
        }
    })
}

fn eight<P: Executor>() -> Contender {
    const EACH: u64 = 1_000;
    flood::<P>(|pool, jobs| {
        let mut begin = 0;
        while begin < jobs {
            thread::scope(|s| {
                for _ in 0..8 {
                    let end = jobs.min(begin + EACH);
                    s.spawn(move || submit(pool, begin, end, |_| ()));
                    begin = end;
                }
            });
        }
    })
}

/// Submits jobs by `submit` and waits until all have run.
fn flood<P: Executor>(submit: impl Fn(&P, u64) + Copy + 'static) -> Contender {
    Contender::new(P::NAME, P::KIND, move || {
        let pool = P::start(workers());
        move |jobs| {
            let tally = Tally::begin();
            let start = Instant::now();
            submit(&pool, jobs);
            tally.wait_for(jobs);
            Outcome::Total(start.elapsed())
        }
    })
}

fn submit<P: Executor>(pool: &P, begin: u64, end: u64, work: impl Fn(u64) + Copy + Send + 'static) {
    for number in begin..end {
        pool.spawn(job(begin, number, work));
    }
}

/// Captures two numbers, so that a job is of a usual size.
pub(super) fn job(
    begin: u64,
    number: u64,
    work: impl Fn(u64) + Send + 'static,
) -> impl FnOnce() + Send + 'static {
    move || {
        work(number - begin);
        note(number);
    }
}

/// A pool that gives one worker all 65 keeps the short jobs waiting for the long one.
fn trapped<P: Executor>() -> Contender {
    const SHORT: u64 = 64;
    Contender::new(P::NAME, P::KIND, || {
        let pool = P::start(workers());
        move |times| {
            let each = (0..times).map(|_| {
                let (tell, ended) = oneshot::channel();
                let tally = Tally::begin();
                let start = Instant::now();
                pool.spawn(move || {
                    burn(500_000);
                    tell.send(()).expect("the main thread waits");
                });
                submit(&pool, 0, SHORT, |_| ());
                tally.wait_for(SHORT);
                let took = start.elapsed();
                ended.recv().expect("the long job runs to its end");
                took
            });
            Outcome::Each(each.collect())
        }
    })
}
