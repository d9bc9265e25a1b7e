//! The example prints what its header promises.

use std::process::Command;

#[test]
fn jitter_breaks_the_crowd_up() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg21-retry-and-supervise"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
