//! The example prints what its header promises.

use std::process::Command;

#[test]
fn ctrl_c_refuses_drains_and_closes() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg23-graceful-shutdown"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
