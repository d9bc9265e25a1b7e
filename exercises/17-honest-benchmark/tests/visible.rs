//! The visible tests of lesson 17: what the brief promises, as a program.

use std::time::Duration;

use honest_benchmark::{Bench, BlackBox, Scaling, Summary, Verdict};
use wt_core::time::SystemClock;

#[test]
fn the_middle_of_five_is_the_third() {
    let times = [50, 10, 30, 20, 40].map(Duration::from_millis);
    let summary = Summary::of(times.to_vec());
    assert_eq!(summary.median, Duration::from_millis(30));
    assert_eq!(summary.most, Duration::from_millis(50));
}

#[test]
fn a_thousand_times_the_work_is_slower() {
    let bench = Bench {
        clock: &SystemClock,
        opaque: BlackBox,
        warm_up: 2,
        rounds: 11,
    };
    let sum = |n: u64| move |from: u64| (from..from + n).fold(0, u64::wrapping_add);
    let both = bench.compare(|| 1, sum(200), sum(200_000));
    assert!(matches!(both.verdict(), Verdict::AFaster(_)), "{both}");
}

#[test]
fn half_of_it_is_serial() {
    let times = [(1, 2000), (2, 1500), (4, 1250)];
    let fit = Scaling::fit(&times.map(|(n, ms)| (n, Duration::from_millis(ms))));
    assert!((fit.limit().unwrap() - 2.0).abs() < 1e-6, "{fit:?}");
}
