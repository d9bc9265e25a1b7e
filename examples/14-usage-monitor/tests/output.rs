//! The example prints what its header promises.

use std::process::Command;

#[test]
fn busy_is_not_computing() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg14-usage-monitor"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
