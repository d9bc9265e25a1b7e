//! The example prints what its header promises.

use std::process::Command;

#[test]
fn three_strategies_share_out_the_same_jobs() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg04-distribution"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
