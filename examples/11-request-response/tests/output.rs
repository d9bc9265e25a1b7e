//! The example prints what its header promises.

use std::process::Command;

#[test]
fn each_reply_reaches_its_question() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg11-request-response"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
