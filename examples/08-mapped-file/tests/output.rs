//! The output that the chapter shows is the output of the program.

use std::process::Command;

#[test]
fn output() {
    let run = Command::new(env!("CARGO_BIN_EXE_eg08-mapped-file"))
        .output()
        .expect("the example starts");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    insta::assert_snapshot!("output", String::from_utf8_lossy(&run.stdout));
}
