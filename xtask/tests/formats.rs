//! Reports for programs: `cargo xtask check --format`.
//!
//! The first of these tests to run has cargo build `wt-formats`. The files in
//! `formats` are what is printed, without the times;
//! `WT_BLESS=1 cargo test -p xtask --test formats` writes them anew.

mod course;

use std::fs;
use std::path::Path;
use std::process::Command;

use course::{Course, RIGHT_ADDER, adder_that, wait_for};

/// Prints bytes that are no UTF-8, a sequence for the terminal, a command for
/// GitHub and the end of a JUnit element, and then gives a wrong answer.
const NOISY: &str = r#"use std::io::Write;
        std::io::stdout().write_all(b"\xff\x1b[2J\n::error::forged\n]]></system-out>\n").unwrap();
        return 1;"#;

/// `text` with each number that follows `before` replaced by 0.
fn without_times(text: &str, before: &str) -> String {
    let mut parts = text.split(before);
    let mut redacted = parts.next().unwrap().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        redacted.push_str(before);
        redacted.push('0');
        redacted.push_str(rest);
    }
    redacted
}

#[track_caller]
fn is_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/formats")
        .join(name);
    if std::env::var_os("WT_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{} differs:\n{text}", path.display());
}

#[test]
fn json_is_one_document_and_nothing_else() {
    let course = Course::new();
    course.solve(adder_that(NOISY));
    let ran = course.run("check 01 --format json");
    ran.exits(1);
    is_golden("wrong.json", &without_times(&ran.stdout, "\"took_ms\": "));
    assert!(ran.stderr.contains("checking 01 adder"), "{}", ran.text());
}

#[test]
fn junit_has_a_testcase_for_each_check() {
    let course = Course::new();
    course.solve(adder_that(NOISY));
    let ran = course.run("check 01 --format junit");
    ran.exits(1);
    is_golden("wrong.xml", &without_times(&ran.stdout, "time=\""));
}

#[test]
fn gradescope_has_a_score_for_each_check() {
    let course = Course::new();
    course.solve(adder_that(NOISY));
    let ran = course.run("check 01 --format gradescope");
    ran.exits(1);
    let text = without_times(&ran.stdout, "\"execution_time\": ");
    is_golden("wrong.gradescope.json", &text);
}

#[test]
fn github_has_annotations_and_a_summary_that_is_added_to_the_file() {
    let course = Course::new();
    course.solve(adder_that(NOISY));
    let summary = course.root().with_file_name("summary.md");
    fs::write(&summary, "of another step\n").unwrap();
    let ran = course
        .program("check 01 --format github")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("GITHUB_WORKSPACE", course.root().parent().unwrap())
        .run();
    ran.exits(1);
    is_golden("wrong.github", &ran.stdout);
    is_golden("wrong.md", &fs::read_to_string(&summary).unwrap());
}

#[test]
fn github_without_a_summary_file_prints_the_commands_alone() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let ran = course.run("check 01 --format github");
    ran.exits(0);
    assert_eq!(
        ran.stdout,
        "::notice title=01 adder::passed: 3 of 3 properties hold, 4 of 4 points\n"
    );
}

#[test]
fn several_lessons_are_one_document() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let ran = course.run("check --all --format json");
    ran.exits(1);
    assert_eq!(ran.stdout.matches("\"schema\":").count(), 1);
    for id in ["adder", "adding-aloud", "single-ticket"] {
        let field = format!("\"id\": \"{id}\"");
        assert!(ran.stdout.contains(&field), "{}", ran.text());
    }
    let ran = course.run("check --format json");
    ran.exits(1);
    assert!(!ran.stdout.contains("single-ticket"), "{}", ran.text());
}

#[test]
fn an_error_of_rustc_is_in_the_document_with_its_line_and_no_colour() {
    let course = Course::new();
    course.solve(adder_that("let a = vec![1]; drop(a); drop(a);"));
    let ran = course.run("check 01 --format json --color always");
    ran.exits(1).keeps_quiet_about("u{1b}");
    for part in [
        "\"kind\": \"did not compile\"",
        "\"E0382\"",
        "\"line\": 6",
        "\"verdict\": \"did not compile\"",
        "\"lost\": 4",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.text());
    }
}

#[test]
fn a_hang_names_its_threads() {
    let course = Course::new();
    course.solve(adder_that(
        "let (_tx, rx) = std::sync::mpsc::channel(); return rx.recv().unwrap();",
    ));
    let ran = course.run("check 01 --format json");
    ran.exits(1)
        .keeps_quiet_about("/rustc/")
        .keeps_quiet_about("wt-check/src");
    for part in [
        "\"verdict\": \"hung\"",
        "\"waits_for\": \"a message to receive\"",
        "\"line\": 6",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.text());
    }
}

#[test]
fn a_fault_of_the_grader_costs_no_points_and_exits_with_3() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.edit(
        "exercises/01-adder/lesson.toml",
        "id = \"no_thread_is_left\"",
        "id = \"no_such_check\"",
    );
    let ran = course.run("check 01 --format json");
    ran.exits(3);
    for part in [
        "\"verdict\": \"grader fault\"",
        "\"state\": \"not judged\"",
        "\"not_judged\": 1",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.text());
    }
    let ran = course.run("check 01 --format gradescope");
    ran.exits(3);
    assert!(
        ran.stdout.contains("\"adder/no_such_check\""),
        "{}",
        ran.text()
    );
    assert!(!ran.stdout.contains("\"failed\""), "{}", ran.text());
}

#[test]
fn a_wrong_usage_prints_no_document() {
    let course = Course::new();
    for (words, says) in [
        (
            "check 01 --format yaml",
            "`--format` is one of human, json, junit, github, gradescope",
        ),
        (
            "check 01 --format",
            "missing argument for option '--format'",
        ),
        ("check 99 --format json", "there is no lesson `99`"),
        ("check 01 --all --format json", "give a lesson or `--all`"),
        ("list --format json", "`list` has no option `--format`"),
    ] {
        let ran = course.run(words);
        ran.exits(2).says(says);
        assert_eq!(ran.stdout, "", "{}", ran.text());
    }
}

#[test]
fn human_is_what_check_prints_anyway() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let ran = course.run("check 01 --format human");
    ran.exits(0).says("01 adder: done");
}

#[test]
fn ctrl_c_ends_it_without_a_document() {
    let course = Course::new().with_kit();
    course.run("check 01 --format json").exits(1);
    course.solve(adder_that("loop { std::hint::spin_loop() }"));
    let running = course.program("check 01 --format json").start();
    wait_for("a check runs", || running.stderr().contains("checking 01"));
    running.signal("INT");
    let ran = running.end();
    ran.exits(130);
    assert_eq!(ran.stdout, "", "{}", ran.text());
}

#[test]
fn ctrl_c_ends_the_build_as_well() {
    let course = Course::apart();
    let running = course.program("check 01 --format json").start();
    wait_for("the build begins", || {
        running.stderr().contains("building the reports")
    });
    running.signal("INT");
    let ran = running.end();
    ran.exits(130).within(20);
    assert_eq!(ran.stdout, "", "{}", ran.text());
}

#[test]
fn a_pipe_that_nobody_reads_is_no_crash() {
    let course = Course::new();
    course
        .program("check 01 --format json")
        .with_closed_stdout()
        .run()
        .exits(1)
        .keeps_quiet_about("panicked at");
}

#[test]
fn without_cargo_it_says_how_to_get_it() {
    let course = Course::new();
    course
        .program("check 01 --format json")
        .without_env("CARGO")
        .env("PATH", "/nowhere")
        .run()
        .exits(3)
        .says("cannot start `cargo`")
        .says("install Rust with rustup");
}

/// A learner's first check is short because it compiles little.
#[test]
fn the_command_line_links_no_json_and_no_xml() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = Command::new(cargo)
        .args(["tree", "--locked", "--package", "xtask"])
        .args(["--edges", "normal,build", "--prefix", "none"])
        .output()
        .expect("cargo can be run");
    let text = String::from_utf8_lossy(&tree.stdout);
    assert!(text.contains("wt-grader"), "{tree:?}");
    for name in ["wt-formats", "serde_json", "serde_core", "quick-xml"] {
        assert!(!text.contains(name), "{text}");
    }
}
