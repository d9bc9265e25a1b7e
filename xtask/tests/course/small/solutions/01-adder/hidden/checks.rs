//! Hidden checks of lesson 01.

use adder::total;
use wt_check::{ThreadCount, check, observe, observed, rng};

fn main() -> std::process::ExitCode {
    wt_check::run(&[
        observed!(the_sum_is_right => the_plain_sum),
        check!(nothing_sums_to_zero),
        check!(no_thread_is_left),
    ])
}

fn numbers() -> Vec<u64> {
    let mut rng = rng();
    (0..100).map(|_| rng.u64(..1000)).collect()
}

fn the_sum_is_right() {
    let sum: u64 = total(numbers(), 2);
    observe("the sum", sum);
}

fn the_plain_sum() {
    observe("the sum", numbers().iter().sum::<u64>());
}

fn nothing_sums_to_zero() {
    let sum: u64 = total(Vec::new(), 2);
    assert!(sum == 0, "the sum of no numbers is {sum}, not 0");
}

fn no_thread_is_left() {
    let threads = ThreadCount::start();
    let _: u64 = total(vec![1, 2, 3], 2);
    let left = threads.left_behind();
    assert!(left.is_empty(), "threads were left behind: {}", left.join(", "));
}
