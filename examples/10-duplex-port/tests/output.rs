//! The example prints what its header promises.

use std::process::Command;

#[test]
fn two_workers_talk_without_main() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg10-duplex-port"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
