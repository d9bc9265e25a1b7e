//! The example prints what its header promises.

use std::process::Command;

#[test]
fn twelve_jobs_on_twelve_threads_then_on_three() {
    let output = Command::new(env!("CARGO_BIN_EXE_eg01-worker-pool"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    insta::assert_snapshot!("stdout", String::from_utf8(output.stdout).unwrap());
}
