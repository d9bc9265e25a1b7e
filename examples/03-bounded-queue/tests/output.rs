//! The example prints what its header promises.

use std::process::Command;

#[test]
fn the_fifth_job_waits_for_a_place() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg03-bounded-queue"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
