//! Ctrl-C and SIGKILL: nothing is left running, and nothing is left on disk.

mod course;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use course::{ADDER, Course, RIGHT_ADDER, Running, adder_that, wait_for};

const BEGIN: &str = "std::fs::write(\"begun\", \"\").unwrap();";
const SPIN: &str = "loop { std::hint::spin_loop() }";
const SLEEP: &str = "loop { std::thread::sleep(std::time::Duration::from_millis(1)) }";

/// The processes that work in the private folders of this course.
fn workers(course: &Course) -> Vec<PathBuf> {
    let scratch = course.target().join("wt/scratch");
    let processes = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .map(|process| process.path());
    processes
        .filter(|process| {
            fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&scratch))
        })
        .filter(|process| !is_zombie(process))
        .collect()
}

fn is_zombie(process: &Path) -> bool {
    fs::read_to_string(process.join("status")).map_or(true, |status| status.contains("State:\tZ"))
}

/// Starts a check of code that says when it begins, and waits for that.
fn in_the_middle_of_a_check(course: &Course, body: &str) -> Running {
    course.solve(adder_that(&format!("{BEGIN} {body}")));
    let running = course.program("check 01").start();
    wait_for("a check that runs", || has_begun(course));
    running
}

/// A checked process works in a private folder.
fn has_begun(course: &Course) -> bool {
    course
        .scratch()
        .iter()
        .any(|folder| folder.join("begun").exists())
}

fn nothing_is_left(course: &Course) {
    assert_eq!(workers(course), Vec::<PathBuf>::new(), "processes");
    assert_eq!(course.scratch(), Vec::<PathBuf>::new(), "folders");
}

#[test]
fn a_check_leaves_no_folder_and_no_process() {
    let course = Course::apart();
    for source in [
        RIGHT_ADDER,
        "pub fn total( {",
        &adder_that("std::process::abort()"),
    ] {
        course.solve(source);
        course.run("check 01");
        nothing_is_left(&course);
    }
}

#[test]
fn ctrl_c_ends_a_check_that_spins() {
    let course = Course::apart().with_kit();
    let running = in_the_middle_of_a_check(&course, SPIN);
    running.signal("INT");
    running
        .end()
        .exits(130)
        .says("stopped; nothing is left running");
    nothing_is_left(&course);
}

#[test]
fn ctrl_c_ends_a_check_that_sleeps() {
    let course = Course::apart().with_kit();
    let running = in_the_middle_of_a_check(&course, SLEEP);
    running.signal_group("INT");
    running
        .end()
        .exits(130)
        .says("stopped; nothing is left running");
    nothing_is_left(&course);
}

#[test]
fn a_polite_kill_and_a_closed_terminal_end_it_the_same_way() {
    for signal in ["TERM", "HUP"] {
        let course = Course::apart().with_kit();
        let running = in_the_middle_of_a_check(&course, SLEEP);
        running.signal(signal);
        running.end().exits(130);
        nothing_is_left(&course);
    }
}

#[test]
fn ctrl_c_does_not_wait_for_the_limit() {
    let course = Course::apart().with_kit();
    let running = in_the_middle_of_a_check(&course, SLEEP);
    let asked = Instant::now();
    running.signal("INT");
    running.end().exits(130);
    assert!(
        asked.elapsed().as_secs_f64() < 4.0,
        "it took {:?}",
        asked.elapsed()
    );
}

#[test]
fn ctrl_c_kills_what_the_checked_code_has_started() {
    let course = Course::apart().with_kit();
    for (program, words) in [
        ("sleep", "[\"1000\"]"),
        ("setsid", "[\"-w\", \"sleep\", \"1000\"]"),
    ] {
        let body =
            format!("std::process::Command::new({program:?}).args({words}).status().unwrap();");
        let running = in_the_middle_of_a_check(&course, &body);
        running.signal("INT");
        running.end().exits(130);
        wait_for("the end of the child", || workers(&course).is_empty());
        nothing_is_left(&course);
    }
}

/// A constant that is never done keeps rustc busy.
#[test]
fn ctrl_c_ends_the_compiler() {
    let course = Course::apart().with_kit();
    course.solve("#![allow(long_running_const_eval)] pub const TOTAL: () = loop {};");
    let running = course.program("check 01").start();
    wait_for("rustc", || !workers(&course).is_empty());
    running.signal("INT");
    running
        .end()
        .exits(130)
        .keeps_quiet_about("did not compile");
    nothing_is_left(&course);
}

#[test]
fn ctrl_c_ends_verify() {
    let course = Course::apart().with_kit();
    course.write(
        "solutions/01-adder/src/lib.rs",
        adder_that(&format!("{BEGIN} {SLEEP}")),
    );
    let running = course.program("verify 01").start();
    wait_for("a check that runs", || has_begun(&course));
    running.signal("INT");
    running.end().exits(130).keeps_quiet_about("verify: ");
    nothing_is_left(&course);
}

#[test]
fn after_ctrl_c_the_next_check_is_right() {
    let course = Course::apart().with_kit();
    let running = in_the_middle_of_a_check(&course, SLEEP);
    running.signal("INT");
    running.end().exits(130);
    course.solve(RIGHT_ADDER);
    course
        .run("check 01")
        .exits(0)
        .says("01 adder: done (3 of 3 properties hold)");
}

/// Stands for a cargo that builds the kit for ever, and writes its own number.
fn endless_cargo(course: &Course, script: &str) -> (PathBuf, PathBuf) {
    let cargo = course.root().with_file_name("cargo");
    let number = course.root().with_file_name("cargo.pid");
    fs::write(
        &cargo,
        format!("#!/bin/sh\necho $$ > '{}'\n{script}\n", number.display()),
    )
    .unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    (cargo, number)
}

fn is_alive(number: &Path) -> bool {
    let pid = fs::read_to_string(number).unwrap();
    !is_zombie(&Path::new("/proc").join(pid.trim()))
}

#[test]
fn ctrl_c_ends_the_build_of_the_kit() {
    let course = Course::new();
    let (cargo, number) = endless_cargo(&course, "exec sleep 1000");
    let program = course.program("check 01").env("CARGO", cargo);
    let running = program
        .env("CARGO_TARGET_DIR", course.root().with_file_name("target"))
        .start();
    wait_for("the build", || {
        fs::read_to_string(&number).is_ok_and(|text| text.ends_with('\n'))
    });
    running.signal("INT");
    running.end().exits(130);
    assert!(!is_alive(&number), "cargo lives on");
}

#[test]
fn ctrl_c_in_a_terminal_ends_the_build_of_the_kit() {
    let course = Course::new();
    let (cargo, number) = endless_cargo(&course, "exec sleep 1000");
    let program = course.program("check 01").env("CARGO", cargo);
    let running = program
        .env("CARGO_TARGET_DIR", course.root().with_file_name("target"))
        .start();
    wait_for("the build", || {
        fs::read_to_string(&number).is_ok_and(|text| text.ends_with('\n'))
    });
    running.signal_group("INT");
    running.end().exits(130);
    assert!(!is_alive(&number), "cargo lives on");
}

/// The first is enough everywhere else; this cargo takes no notice of it.
#[test]
fn a_second_ctrl_c_ends_what_does_not_listen() {
    let course = Course::new();
    let (cargo, number) = endless_cargo(&course, "trap '' INT\nwhile :; do sleep 1; done");
    let program = course.program("check 01").env("CARGO", cargo);
    let mut running = program
        .env("CARGO_TARGET_DIR", course.root().with_file_name("target"))
        .start();
    wait_for("the build", || {
        fs::read_to_string(&number).is_ok_and(|text| text.ends_with('\n'))
    });
    wait_for("the end", || {
        running.signal_group("INT");
        !running.is_running()
    });
    running.end().exits(130);
    wait_for("the end of cargo", || !is_alive(&number));
}

#[test]
fn many_signals_at_once_are_one() {
    let course = Course::apart().with_kit();
    let running = in_the_middle_of_a_check(&course, SPIN);
    for _ in 0..5 {
        running.signal("INT");
    }
    running.end().exits(130);
    wait_for("the end of the checks", || workers(&course).is_empty());
}

#[test]
fn a_killed_grader_takes_its_checks_along() {
    let course = Course::apart().with_kit();
    let running = in_the_middle_of_a_check(&course, SLEEP);
    let killed = Instant::now();
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    wait_for("the end of the checks", || workers(&course).is_empty());
    assert!(
        killed.elapsed().as_secs_f64() < 3.0,
        "they lived {:?} longer",
        killed.elapsed()
    );
}

/// Neither the kernel nor a process group reaches them; the guard does, without another run.
#[test]
fn a_killed_grader_leaves_no_folder_and_nothing_that_the_checked_code_had_started() {
    let course = Course::apart().with_kit();
    for (program, words) in [
        ("sleep", "[\"1000\"]"),
        ("setsid", "[\"-w\", \"sleep\", \"1000\"]"),
        ("setsid", "[\"-w\", \"sh\", \"-c\", \"cd /; sleep 1000\"]"),
    ] {
        let body =
            format!("std::process::Command::new({program:?}).args({words}).status().unwrap();");
        let running = in_the_middle_of_a_check(&course, &body);
        wait_for("the solution's own process", || sleepers(&course) > 0);
        let killed = Instant::now();
        running.signal("KILL");
        running.end();
        wait_for("the end of it", || sleepers(&course) == 0);
        wait_for("an empty folder", || course.scratch().is_empty());
        assert!(
            killed.elapsed().as_secs_f64() < 3.0,
            "{program} {words} lived {:?} longer",
            killed.elapsed()
        );
    }
}

/// How many `sleep 1000` have the environment of a check of this course.
fn sleepers(course: &Course) -> usize {
    let scratch = course.target().join("wt/scratch");
    let scratch = scratch.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|process| {
            let read = |file: &str| fs::read(process.path().join(file)).unwrap_or_default();
            let environment = String::from_utf8_lossy(&read("environ")).into_owned();
            read("cmdline") == b"sleep\x001000\0" && environment.contains(scratch)
        })
        .count()
}

/// What a killed run has left where there was no guard.
#[test]
fn the_next_run_sweeps_what_was_left() {
    let course = Course::apart().with_kit();
    let left = course.target().join("wt/scratch/7");
    fs::create_dir_all(&left).unwrap();
    let mut sleeper = Command::new("sleep")
        .arg("1000")
        .current_dir(&left)
        .spawn()
        .unwrap();
    course.solve(RIGHT_ADDER);
    course.run("check 01").exits(0);
    assert_eq!(sleeper.wait().unwrap().code(), None, "it was killed");
    nothing_is_left(&course);
}

#[test]
fn a_sweep_leaves_the_folders_of_others_alone() {
    let course = Course::apart().with_kit();
    let running = in_the_middle_of_a_check(&course, SLEEP);
    let before = course.scratch();
    // A source that is missing is told at once, after the sweep.
    course.remove(ADDER);
    course
        .run("check 01")
        .exits(1)
        .says("src/lib.rs is missing");
    assert_eq!(course.scratch(), before);
    running.signal("INT");
    running.end().exits(130);
    nothing_is_left(&course);
}
