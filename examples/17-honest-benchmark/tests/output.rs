//! The example prints what its header promises.

use std::process::Command;

#[test]
fn the_same_program_has_no_winner() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg17-honest-benchmark"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
