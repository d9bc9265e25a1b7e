//! Hidden checks of lesson @NUMBER@. TO WRITE: one function for each property.

use std::process::ExitCode;

use @CRATE@::twice;
use wt_check::{check, rng};

fn main() -> ExitCode {
    wt_check::run(&[check!(the_result_is_right)])
}

fn the_result_is_right() {
    let n = rng().u64(..1000);
    let result: u64 = twice(n);
    assert!(result == n + n, "twice {n} is {}, not {result}", n + n);
}
