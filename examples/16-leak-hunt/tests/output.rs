//! The example prints what its header promises.

use std::process::Command;

#[test]
fn one_of_two_links_must_be_weak() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg16-leak-hunt"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
