//! The example prints what its header promises.

use std::process::Command;

#[test]
fn its_own_log_is_counted() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg24-log-service"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
