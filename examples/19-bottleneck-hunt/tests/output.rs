//! The example prints what its header promises.

use std::process::Command;

#[test]
fn the_worker_says_42() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg19-bottleneck-hunt"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
