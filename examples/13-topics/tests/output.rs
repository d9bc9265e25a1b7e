//! The example prints what its header promises.

use std::process::Command;

#[test]
fn each_level_reaches_its_readers() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg13-topics"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
