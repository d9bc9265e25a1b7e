//! The example prints what its header promises.

use std::process::Command;

#[test]
fn a_caught_panic_costs_no_worker() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg02-join-handles"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
