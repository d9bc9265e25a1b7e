//! Rows d: one computation on all cores.

use std::hint::black_box;
use std::num::NonZero;
use std::sync::OnceLock;
use std::thread;
use std::time::Instant;

use rayon::iter::ParallelIterator as _;
use rayon::slice::ParallelSlice as _;
use wt_core::pool::Pool;

use crate::contender::{Contender, Goal, Kind, Outcome, Row, Unit};
use crate::work::workers;

/// A debug build, which only tests, would sum for a minute.
const NUMBERS: usize = if cfg!(debug_assertions) {
    1_000_000
} else {
    100_000_000
};
/// 4 KiB.
const CHUNK: usize = 1024;
/// Below this chili's sum stops cutting in two.
const CUT_OFF: usize = 64 * CHUNK;
const FIB: u32 = 27;

pub(super) fn rows() -> Vec<Row> {
    let halves = Goal::must(1.05).of(&["std scope, a part per core"]);
    let join = Goal::must(1.0).by("wt-core join");
    vec![
        Row::new(
            "d.sum",
            "sum of 100 M u32 in slices",
            Unit::Millis,
            1,
            sums(),
        )
        .goals(&[
            halves.by("wt-core scope, a part per worker"),
            halves.by("wt-core map_reduce, 4 KiB"),
        ]),
        Row::new(
            "d.fib",
            "fork-join: fib(27), cut-off 1",
            Unit::Millis,
            1,
            fibs(),
        )
        .goals(&[
            join.of(&["rayon join"]),
            Goal::aim(1.2).by("wt-core join").of(&["chili join"]),
        ]),
    ]
}

fn sums() -> Vec<Contender> {
    vec![
        repeat(
            "wt-core scope, a part per worker",
            Kind::Ours,
            numbers_total,
            || {
                let pool = wt_pool();
                move || {
                    let part = numbers().len().div_ceil(pool.workers());
                    let mut sums = vec![0; pool.workers()];
                    pool.scope(|s| {
                        for (part, sum) in numbers().chunks(part).zip(&mut sums) {
                            s.spawn(move || *sum = sum_of(part));
                        }
                    });
                    sums.iter().sum()
                }
            },
        ),
        repeat(
            "wt-core map_reduce, 4 KiB",
            Kind::Ours,
            numbers_total,
            || {
                let pool = wt_pool();
                move || {
                    let sum =
                        pool.map_reduce(numbers(), CHUNK, |_, part| sum_of(part), |a, b| a + b);
                    sum.expect("there are numbers")
                }
            },
        ),
        repeat(
            "std scope, a part per core",
            Kind::Peer,
            numbers_total,
            || {
                || {
                    let part = numbers().len().div_ceil(workers());
                    thread::scope(|s| {
                        let parts = numbers().chunks(part);
                        let threads: Vec<_> = parts.map(|part| s.spawn(|| sum_of(part))).collect();
                        threads.into_iter().map(|t| t.join().expect("a sum")).sum()
                    })
                }
            },
        ),
        repeat(
            "rayon par_chunks of 4 KiB",
            Kind::Peer,
            numbers_total,
            || {
                let pool = <rayon::ThreadPool as crate::peers::Executor>::start(workers());
                move || pool.install(|| numbers().par_chunks(CHUNK).map(sum_of).sum())
            },
        ),
        repeat(
            "chili join, halves down to 256 KiB",
            Kind::Peer,
            numbers_total,
            || {
                fn sum(scope: &mut chili::Scope<'_>, part: &[u32]) -> u64 {
                    if part.len() <= CUT_OFF {
                        return sum_of(part);
                    }
                    let (a, b) = part.split_at(part.len() / 2);
                    let (a, b) = scope.join(|s| sum(s, a), |s| sum(s, b));
                    a + b
                }
                let pool = chili_pool();
                move || sum(&mut pool.scope(), numbers())
            },
        ),
        repeat("serial", Kind::Reference, numbers_total, || {
            || sum_of(numbers())
        }),
    ]
}

fn fibs() -> Vec<Contender> {
    let expected = || serial_fib(FIB);
    vec![
        repeat("wt-core join", Kind::Ours, expected, || {
            fn fib(pool: &Pool, n: u32) -> u64 {
                if n < 2 {
                    return n.into();
                }
                let (a, b) = pool.join(|| fib(pool, n - 1), || fib(pool, n - 2));
                a + b
            }
            let pool = wt_pool();
            move || fib(&pool, black_box(FIB))
        }),
        repeat("chili join", Kind::Peer, expected, || {
            fn fib(scope: &mut chili::Scope<'_>, n: u32) -> u64 {
                if n < 2 {
                    return n.into();
                }
                let (a, b) = scope.join(|s| fib(s, n - 1), |s| fib(s, n - 2));
                a + b
            }
            let pool = chili_pool();
            move || fib(&mut pool.scope(), black_box(FIB))
        }),
        repeat("rayon join", Kind::Peer, expected, || {
            fn fib(n: u32) -> u64 {
                if n < 2 {
                    return n.into();
                }
                let (a, b) = rayon::join(|| fib(n - 1), || fib(n - 2));
                a + b
            }
            let pool = <rayon::ThreadPool as crate::peers::Executor>::start(workers());
            move || pool.install(|| fib(black_box(FIB)))
        }),
        repeat("serial", Kind::Reference, expected, || {
            || serial_fib(black_box(FIB))
        }),
    ]
}

/// Computes the same thing again and again, and compares each result.
fn repeat<F>(
    name: &'static str,
    kind: Kind,
    expected: fn() -> u64,
    start: impl Fn() -> F + 'static,
) -> Contender
where
    F: FnMut() -> u64 + 'static,
{
    Contender::new(name, kind, move || {
        let mut compute = start();
        let expected = expected();
        move |times| {
            let start = Instant::now();
            for _ in 0..times {
                assert_eq!(compute(), expected);
            }
            Outcome::Total(start.elapsed())
        }
    })
}

fn wt_pool() -> Pool {
    Pool::new(workers()).expect("threads can be started")
}

fn chili_pool() -> chili::ThreadPool {
    chili::ThreadPool::with_config(chili::Config {
        // chili's caller is one of the workers.
        thread_count: NonZero::new(workers()),
        ..chili::Config::default()
    })
}

/// Made once, on first use: 400 MB.
fn numbers() -> &'static [u32] {
    static NUMBERS_ONCE: OnceLock<Vec<u32>> = OnceLock::new();
    NUMBERS_ONCE.get_or_init(|| {
        (0..NUMBERS as u32)
            .map(|n| n.wrapping_mul(2_654_435_769))
            .collect()
    })
}

fn numbers_total() -> u64 {
    static TOTAL: OnceLock<u64> = OnceLock::new();
    *TOTAL.get_or_init(|| sum_of(numbers()))
}

fn sum_of(part: &[u32]) -> u64 {
    part.iter().map(|&n| u64::from(n)).sum()
}

fn serial_fib(n: u32) -> u64 {
    if n < 2 {
        n.into()
    } else {
        serial_fib(n - 1) + serial_fib(n - 2)
    }
}
