//! The example prints what its header promises.

use std::process::Command;

#[test]
fn only_silence_finds_the_job_that_hangs() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg22-health"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
