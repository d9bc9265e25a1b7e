//! The example prints what its header promises.

use std::process::Command;

#[test]
fn two_buffers_take_turns() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg09-recycled-buffers"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
