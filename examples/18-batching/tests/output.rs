//! The example prints what its header promises.

use std::process::Command;

#[test]
fn fewer_messages_are_longer_waits() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg18-batching"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
