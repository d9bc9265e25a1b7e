//! The example prints what its header promises.

use std::process::Command;

#[test]
fn the_circle_is_found() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg20-deadlock-clinic"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
