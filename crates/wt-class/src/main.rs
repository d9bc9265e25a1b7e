//! Grades a class. `cargo xtask grade` starts it:
//!
//! ```text
//! wt-class grade SUBMISSIONS --lesson LESSON --out DIR [options]
//! wt-class merge --lesson LESSON --out DIR [options]
//! ```

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    wt_class::command::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!(
        "error: strangers' code can only be enclosed on Linux. Grade in a virtual machine or a container with Linux, \
         or a learner's own code with `cargo xtask check`"
    );
    std::process::ExitCode::from(2)
}
