//! The example prints what its header promises.

use std::process::Command;

#[test]
fn the_photo_is_stretched_where_it_is() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg07-shared-slices"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
