//! The example prints what its header promises.

use std::process::Command;

#[test]
fn eleven_lines_become_three_averages() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg12-pipeline"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
