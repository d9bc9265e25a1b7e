//! What is read as a learner's code, and what is refused, with a reason.

mod course;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, SystemTime};

use course::{ADDER, Course, RIGHT_ADDER, adder_that};

fn make_fifo(course: &Course, file: &str) {
    let made = Command::new("mkfifo")
        .arg(course.path(file))
        .status()
        .unwrap();
    assert!(made.success(), "mkfifo {file}");
}

#[test]
fn a_missing_source_is_rejected_with_the_way_back() {
    let course = Course::new();
    course.remove(ADDER);
    course
        .run("check 01")
        .exits(1)
        .says("the source was not accepted")
        .says("rejected: exercises/01-adder/src/lib.rs is missing")
        .says("cargo xtask reset");
}

#[test]
fn a_missing_folder_of_sources_is_rejected_the_same_way() {
    let course = Course::new();
    course.remove("exercises/01-adder/src");
    course
        .run("check 01")
        .exits(1)
        .says("exercises/01-adder/src/lib.rs is missing");
}

#[test]
fn an_empty_source_is_rejected() {
    let course = Course::new();
    for nothing in ["", " \n\t\r\n", "\u{feff}", "\u{feff}\n"] {
        course.solve(nothing);
        course
            .run("check 01")
            .exits(1)
            .says("rejected: exercises/01-adder/src/lib.rs is empty");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_rejected_with_their_position() {
    let course = Course::new();
    course.solve(b"//! Adds.\n// caf\xe9\n");
    course
        .run("check 01")
        .exits(1)
        .says("is not UTF-8: byte 16, on line 2");
}

#[test]
fn a_nul_character_is_rejected_with_its_position() {
    let course = Course::new();
    course.solve("//! Adds.\n\0");
    course
        .run("check 01")
        .exits(1)
        .says("has a NUL character at byte 10");
}

#[test]
fn a_byte_order_mark_does_no_harm() {
    let course = Course::new();
    course.solve(format!("\u{feff}{RIGHT_ADDER}"));
    course
        .run("check 01")
        .exits(0)
        .says("done (3 of 3 properties hold)");
}

#[test]
fn windows_line_ends_do_no_harm() {
    let course = Course::new();
    course.solve(RIGHT_ADDER.replace('\n', "\r\n"));
    course
        .run("check 01")
        .exits(0)
        .says("done (3 of 3 properties hold)");
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let course = Course::new();
    course.remove(ADDER);
    symlink(
        course.path("solutions/01-adder/src/lib.rs"),
        course.path(ADDER),
    )
    .unwrap();
    course
        .run("check 01")
        .exits(1)
        .says("rejected: exercises/01-adder/src/lib.rs is not a regular file");
}

#[test]
fn a_link_to_a_module_is_not_followed() {
    let course = Course::new();
    course.solve(format!("mod more;\n{RIGHT_ADDER}"));
    symlink("/etc/passwd", course.path("exercises/01-adder/src/more.rs")).unwrap();
    course
        .run("check 01")
        .exits(1)
        .says("src/more.rs is not a regular file")
        .keeps_quiet_about("root:");
}

#[test]
fn a_link_to_a_folder_of_sources_is_not_followed() {
    let course = Course::new();
    course.remove("exercises/01-adder/src");
    symlink(
        course.path("solutions/01-adder/src"),
        course.path("exercises/01-adder/src"),
    )
    .unwrap();
    course
        .run("check 01")
        .exits(1)
        .says("rejected: exercises/01-adder/src")
        .says("is not a");
}

#[test]
fn a_fifo_is_rejected_and_nobody_waits_for_a_writer() {
    let course = Course::new();
    course.remove(ADDER);
    make_fifo(&course, ADDER);
    course
        .run("check 01")
        .exits(1)
        .says("rejected: exercises/01-adder/src/lib.rs is not a regular file");
}

#[test]
fn a_fifo_beside_the_source_is_rejected_too() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    make_fifo(&course, "exercises/01-adder/src/more.rs");
    course
        .run("check 01")
        .exits(1)
        .says("src/more.rs is not a regular file");
}

#[test]
fn a_folder_in_place_of_the_source_is_rejected() {
    let course = Course::new();
    course.remove(ADDER);
    fs::create_dir(course.path(ADDER)).unwrap();
    course
        .run("check 01")
        .exits(1)
        .says("src/lib.rs is not a regular file");
}

#[test]
fn a_file_of_more_than_256_kib_is_rejected() {
    let course = Course::new();
    course.solve("/".repeat(256 * 1024 + 1));
    course
        .run("check 01")
        .exits(1)
        .says("rejected: exercises/01-adder/src/lib.rs is larger than 256 KiB");
}

#[test]
fn a_file_of_256_kib_is_graded() {
    let course = Course::new();
    course.solve(format!(
        "{RIGHT_ADDER}{}",
        "/".repeat(256 * 1024 - RIGHT_ADDER.len())
    ));
    course.run("check 01").exits(0);
}

#[test]
fn more_than_32_files_are_rejected() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    for n in 1..=32 {
        course.write(&format!("exercises/01-adder/src/part{n}.rs"), "");
    }
    course.write("exercises/01-adder/src/part1.rs", "//");
    course.run("check 01").exits(1).says("rejected: ");
}

#[test]
fn a_solution_may_have_modules() {
    let course = Course::new();
    course.solve("mod deep;\npub use deep::adding::total;\n");
    course.write("exercises/01-adder/src/deep/mod.rs", "pub mod adding;\n");
    course.write("exercises/01-adder/src/deep/adding.rs", RIGHT_ADDER);
    course.run("check 01").exits(0);
}

#[test]
fn what_lies_beside_the_sources_has_no_say() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.write(
        "exercises/01-adder/build.rs",
        "fn main() { panic!(\"built\") }",
    );
    course.write(
        "exercises/01-adder/.cargo/config.toml",
        "[build]\nrustc-wrapper = \"/bin/false\"\n",
    );
    course.write(
        "exercises/01-adder/rust-toolchain.toml",
        "[toolchain]\npath = \"/nowhere\"\n",
    );
    course
        .program("check 01")
        .inside(course.path("exercises/01-adder"))
        .run()
        .exits(0);
}

/// Whoever asks cargo or compares times would grade the artefact of the newer
/// file.
#[test]
fn an_older_file_that_comes_later_is_graded_fresh() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.run("check 01").exits(0);
    course.solve(adder_that("return 1;"));
    let long_ago = SystemTime::now() - Duration::from_secs(365 * 24 * 3600);
    let file = fs::File::options()
        .write(true)
        .open(course.path(ADDER))
        .unwrap();
    file.set_modified(long_ago).unwrap();
    course
        .run("check 01")
        .exits(1)
        .says("the sum of no numbers is 1, not 0");
    course.solve(RIGHT_ADDER);
    course.run("check 01").exits(0);
}

#[test]
fn no_command_but_reset_writes_to_the_course() {
    let course = Course::new();
    let before = course.files();
    for words in ["check 01", "check --all", "list", "hint 01", "", "help"] {
        course.run(words);
    }
    // The hint that was shown is noted.
    course.remove("progress.txt");
    assert!(course.files() == before, "a file has changed");
}

/// Emacs keeps such a link, which leads nowhere, while a file has unsaved changes.
#[test]
fn what_an_editor_leaves_beside_the_source_is_not_read() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let folder = course.path(ADDER).with_file_name("");
    std::os::unix::fs::symlink("me@host.1", folder.join(".#lib.rs")).unwrap();
    fs::write(folder.join(".lib.rs.swp"), b"\xff").unwrap();
    course.run("check 01").exits(0).says("01 adder: done");
}
