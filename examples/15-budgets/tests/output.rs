//! The example prints what its header promises.

use std::process::Command;

#[test]
fn the_peak_stays_within_the_budget() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg15-budgets"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
