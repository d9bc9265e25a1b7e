//! `cargo xtask doctor`: what it finds on machines that lack something.

mod course;

use std::fs;

use course::{Course, mounted_apart};

#[test]
fn a_machine_that_can_check_exits_with_0() {
    let course = Course::new().with_kit();
    let ran = course.run("doctor");
    ran.exits(0)
        .says("compiler       ok       rustc 1.")
        .says("linker         ok       an empty program links and runs")
        .says("disk           ok       ")
        .says("folder         ok       ")
        .says("kit            ok       built and fresh")
        .says("Checks can run.")
        .keeps_quiet_about("BROKEN");
    assert!(course.files().iter().all(|(path, _)| {
        let name = path.file_name().unwrap().to_string_lossy();
        !name.contains("wt-doctor")
    }));
}

#[test]
fn a_missing_linker_is_named_with_what_to_type() {
    let course = Course::new();
    course
        .program("doctor")
        .env("PATH", "/nowhere")
        .run()
        .exits(1)
        .says("linker         BROKEN   error: linker `cc` not found")
        .says(if cfg!(target_os = "macos") {
            "type: xcode-select --install"
        } else {
            "type: sudo apt install gcc"
        })
        .says("Checks cannot run yet: 1 broken");
}

#[test]
fn a_missing_compiler_is_named_with_what_to_type() {
    let course = Course::new();
    course
        .program("doctor")
        .env("PATH", "/nowhere")
        .env("CARGO", "/nowhere/cargo")
        .run()
        .exits(1)
        .says("compiler       BROKEN   `rustc` cannot be run")
        .says("type: rustup toolchain install stable");
}

#[test]
fn a_kit_that_is_not_built_is_no_failure() {
    let course = Course::apart();
    fs::remove_file(course.target().join("wt/kit")).unwrap();
    course
        .run("doctor")
        .exits(0)
        .says("kit            missing  not built yet")
        .says("type: cargo xtask check 01");
}

#[test]
fn what_a_killed_run_has_left_is_counted() {
    let course = Course::apart();
    for number in [0, 7] {
        fs::create_dir_all(course.target().join(format!("wt/scratch/{number}"))).unwrap();
    }
    course
        .run("doctor")
        .exits(0)
        .says("scratch        missing  killed runs have left 2 folders");
}

#[test]
fn an_editor_without_its_set_up_is_told_which_file() {
    let course = Course::new();
    course.write(
        ".vscode/settings.json",
        "{ \"rust-analyzer.cargo.targetDir\": true }",
    );
    course.write(".zed/settings.json", "{ \"targetDir\": true }");
    course.write(".cargo/config.toml", "xtask = \"run --profile xtask\"");
    course
        .run("doctor")
        .exits(0)
        .says("editor         missing  `.helix/languages.toml` does not say `targetDir`")
        .says("type: git checkout .helix/languages.toml");
    course.write(".helix/languages.toml", "targetDir = true");
    course.run("doctor").exits(0).says("editor         ok ");
}

#[test]
fn a_disk_that_is_nearly_full_is_broken() {
    let course = Course::new();
    let folder = course.root().with_file_name("tiny");
    fs::create_dir(&folder).unwrap();
    let script = format!("mount -t tmpfs -o size=40m tmpfs {}", folder.display());
    let Some(tiny) = mounted_apart(&script) else {
        return;
    };
    course
        .program("doctor")
        .env("CARGO_TARGET_DIR", &folder)
        .through(&tiny)
        .run()
        .exits(1)
        .says("disk           BROKEN   ")
        .says("MiB are free; the first build needs 300")
        .says("type: cargo clean");
}

#[test]
fn an_exercise_that_cannot_be_written_is_broken() {
    let course = Course::new();
    let src = course.path("exercises/02-adding-aloud/src");
    let src = src.display();
    let script = format!(
        "mount --bind {src} {src}; mount -o remount,bind,ro {src}; cd {}",
        course.root().display()
    );
    let Some(read_only) = mounted_apart(&script) else {
        return;
    };
    course
        .program("doctor")
        .through(&read_only)
        .run()
        .exits(1)
        .says("folder         BROKEN   ")
        .says("02-adding-aloud/src` cannot be written to");
}
