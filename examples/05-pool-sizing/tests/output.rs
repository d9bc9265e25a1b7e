//! The example prints what its header promises.

use std::process::Command;

#[test]
fn each_kind_of_job_wants_its_own_number_of_workers() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg05-pool-sizing"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
