//! `cargo xtask watch` in a real terminal, and where there is none.

#[path = "../course/mod.rs"]
mod course;
mod session;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use course::{ADDER, Course, RIGHT_ADDER, adder_that, wait_for};
use session::Session;

/// The time for anything that a screen must show. A check that hangs takes 10 s.
const PATIENCE: Duration = Duration::from_secs(60);

const WRONG: &str = "return 1;";
const DONE: &str = "01 adder: done (3 of 3 properties hold)";
const SLEEP: &str = "std::fs::write(\"begun\", \"\").unwrap(); \
                     loop { std::thread::sleep(std::time::Duration::from_millis(1)) }";

/// A course whose lesson 01 is not solved, in which the kit and watch are built.
fn course() -> Course {
    static BUILT: Once = Once::new();
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wt/tools");
    BUILT.call_once(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--locked", "--quiet", "--package", "wt-watch"])
            .arg("--target-dir")
            .arg(&tools)
            .status();
        assert!(built.unwrap().success(), "wt-watch does not build");
    });
    let course = Course::apart().with_kit();
    symlink(tools, course.target().join("wt/tools")).unwrap();
    course.solve(adder_that(WRONG));
    course
}

/// Watch in a terminal, with its first verdict on the screen.
fn watching(course: &Course, words: &str) -> Session {
    let session = Session::start(course, words, &[]);
    session.shows("01 adder: not yet").shows("q quit");
    session
}

/// What runs for this course: watch itself, its commands, and the checks. By
/// number and command line.
fn processes(course: &Course) -> Vec<(String, String)> {
    let root = course.root().to_string_lossy().into_owned();
    let folder = course.root().parent().unwrap();
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|process| {
        let words = fs::read_to_string(process.path().join("cmdline")).ok()?;
        let here = fs::read_link(process.path().join("cwd"));
        let ours = here.is_ok_and(|cwd| cwd.starts_with(folder)) || words.contains(&root);
        let number = process.file_name().to_string_lossy().into_owned();
        ours.then(|| (number, words.replace('\0', " ")))
    })
    .collect()
}

fn nothing_is_left(course: &Course) {
    wait_for("the end of every process", || processes(course).is_empty());
    assert_eq!(course.scratch(), Vec::<PathBuf>::new(), "folders");
}

fn a_check_has_begun(course: &Course) -> bool {
    let begun = |folder: &PathBuf| folder.join("begun").exists();
    course.scratch().iter().any(begun)
}

#[test]
fn a_save_brings_a_new_verdict_and_n_goes_on() {
    let course = course();
    let mut session = watching(&course, "watch 01");
    session.shows("not yet, ");
    course.solve(RIGHT_ADDER);
    session.shows(DONE).shows("n goes on with 02 adding-aloud");
    session.press("n").shows("watch · 02 adding-aloud");
    session.shows("02 adding-aloud: not yet");
    session.press("q");
    assert_eq!(session.end(&course), 0);
    nothing_is_left(&course);
}

#[test]
fn an_editor_that_renames_over_the_file_has_saved_it() {
    let course = course();
    let session = watching(&course, "watch 01");
    course.write("exercises/01-adder/src/lib.rs~", RIGHT_ADDER);
    let written = course.path("exercises/01-adder/src/lib.rs~");
    fs::rename(written, course.path(ADDER)).unwrap();
    session.shows(DONE);
}

#[test]
fn it_begins_with_the_first_lesson_that_does_not_pass() {
    let course = course();
    course.solve(RIGHT_ADDER);
    let session = Session::start(&course, "watch", &[]);
    session.shows("02 adding-aloud: not yet");
}

#[test]
fn it_follows_the_file_that_is_saved() {
    let course = course();
    let session = watching(&course, "watch 01");
    let starter = course.read("exercises/03-single-ticket/src/lib.rs");
    course.write("exercises/03-single-ticket/src/lib.rs", starter);
    session.shows("watch · 03 single-ticket");
    session.shows("03 single-ticket: ");
}

#[test]
fn a_newer_save_stops_the_check_in_flight() {
    let course = course();
    let session = watching(&course, "watch 01");
    course.solve(adder_that(SLEEP));
    wait_for("a check that hangs", || a_check_has_begun(&course));
    course.solve(RIGHT_ADDER);
    session.shows(DONE);
    assert_eq!(course.scratch(), Vec::<PathBuf>::new(), "folders");
}

#[test]
fn the_keys_answer_while_an_exercise_hangs_and_its_limit_ends_it() {
    let course = course();
    let mut session = watching(&course, "watch 01");
    course.solve(adder_that(SLEEP));
    wait_for("a check that hangs", || a_check_has_begun(&course));
    session.press("h").shows("Who adds which part?");
    assert!(session.text().contains("checking, "), "{}", session.text());
    session.press("v").shows("hung ").shows("not yet, ");
}

#[test]
fn each_h_shows_one_hint_more() {
    let course = course();
    let mut session = watching(&course, "watch 01");
    session.press("h").shows("hint 1 of 3");
    session
        .press("h")
        .shows("hint 2 of 3")
        .shows("std::thread::scope");
    session.press("h").shows("hint 3 of 3");
    session.press("h").shows("this is the last hint");
    session.press("v").shows("01 adder: not yet");
    session.press("l").shows("Part 2 · Tickets");
    session.press("r").shows("01 adder: not yet");
}

#[test]
fn reset_asks_first_and_says_where_the_old_work_is() {
    let course = course();
    let mut session = watching(&course, "watch 01");
    session.press("x").shows("y resets 01 adder");
    session.press("n").shows("01 adder: not yet");
    session.press("x").shows("y resets 01 adder");
    session.press("y");
    session
        .shows("exercises/01-adder/backup/1")
        .shows("add 100 numbers");
    let starter = course.read("solutions/01-adder/starter/lib.rs");
    assert_eq!(course.read(ADDER), starter);
    let backup = course.read("exercises/01-adder/backup/1/lib.rs");
    assert_eq!(backup, adder_that(WRONG));
}

#[test]
fn a_deleted_folder_is_waited_for() {
    let course = course();
    let session = watching(&course, "watch 01");
    course.remove("exercises/01-adder/src");
    session.shows("`exercises/01-adder/src` is not there");
    course.solve(adder_that(WRONG));
    session.shows("01 adder: not yet");
    let elsewhere = course.root().with_file_name("elsewhere");
    fs::rename(course.path("exercises/01-adder"), &elsewhere).unwrap();
    session.shows("`exercises/01-adder/src` is not there");
    fs::rename(&elsewhere, course.path("exercises/01-adder")).unwrap();
    session.shows("01 adder: not yet");
    course.solve(RIGHT_ADDER);
    session.shows(DONE);
}

#[test]
fn when_all_exercises_go_and_come_back_saves_are_seen_again() {
    let course = course();
    let session = watching(&course, "watch 01");
    let elsewhere = course.root().with_file_name("elsewhere");
    fs::rename(course.path("exercises"), &elsewhere).unwrap();
    session.shows("`exercises/01-adder/src` is not there");
    // A copy, so that it is another folder of the same name.
    let copied = Command::new("cp")
        .arg("-R")
        .args([&elsewhere, &course.path("exercises")])
        .status();
    assert!(copied.unwrap().success());
    session.shows("01 adder: not yet");
    course.solve(RIGHT_ADDER);
    session.shows(DONE);
}

#[test]
fn a_resize_draws_the_screen_anew() {
    let course = course();
    let mut session = watching(&course, "watch 01");
    session.resize(40, 12);
    session.shows("h hint  n next  l list  r run again\nx reset  o open  q quit");
    session.shows("next   with no numbers the sum is 1.");
    session.press("\u{1b}[5~").shows("01 adder: not yet");
    session.resize(80, 24);
    session.shows("r run again  x reset  o open  q quit");
}

#[test]
fn ctrl_c_leaves_no_process_and_the_terminal_as_it_was() {
    let course = course();
    let mut session = watching(&course, "watch 01");
    course.solve(adder_that(SLEEP));
    wait_for("a check that hangs", || a_check_has_begun(&course));
    session.press("\u{3}");
    assert_eq!(session.end(&course), 130);
    nothing_is_left(&course);
}

#[test]
fn a_signal_leaves_no_process_and_the_terminal_as_it_was() {
    for signal in ["-TERM", "-INT", "-HUP"] {
        let course = course();
        let session = watching(&course, "watch 01");
        course.solve(adder_that(SLEEP));
        wait_for("a check that hangs", || a_check_has_begun(&course));
        let all = processes(&course);
        let watch = all
            .iter()
            .find(|(_, words)| words.contains("wt-watch --xtask"));
        let (number, _) = watch.expect("watch runs");
        let sent = Command::new("kill").args([signal, number]).status();
        assert!(sent.unwrap().success(), "{signal}");
        assert_eq!(session.end(&course), 130, "{signal}");
        nothing_is_left(&course);
    }
}

#[test]
fn without_events_it_looks_at_the_content() {
    let course = course();
    let session = watching(&course, "watch 01 --poll");
    session.shows("watch (polling) · 01 adder");
    course.solve(RIGHT_ADDER);
    session.shows(DONE);
}

/// The editor says which settings it finds, and saves.
#[test]
fn the_editor_gets_the_terminal_and_what_it_saves_is_checked() {
    let course = course();
    let right = course.path("solutions/01-adder/src/lib.rs");
    let script = course.root().with_file_name("editor");
    let text = format!(
        "stty -a > ../inside\necho editing; read _\ncp '{}' \"$1\"\n",
        right.display()
    );
    fs::write(&script, text).unwrap();
    let editor = format!("sh '{}'", script.display());
    let mut session = Session::start(&course, "watch 01", &[("EDITOR", &editor)]);
    session.shows("01 adder: not yet");
    session.press("o").shows("editing");
    let inside = fs::read_to_string(course.root().with_file_name("inside")).unwrap();
    let before = fs::read_to_string(course.root().with_file_name("before")).unwrap();
    assert_eq!(inside, before);
    session.press("\r").shows(DONE);
    session.press("q");
    assert_eq!(session.end(&course), 0);
}

#[test]
fn without_an_editor_o_says_which_file_to_open() {
    let course = course();
    let mut session = watching(&course, "watch 01");
    session
        .press("o")
        .shows("exercises/01-adder/src/lib.rs (o opens it if");
}

#[test]
fn without_a_terminal_it_prints_each_verdict() {
    let course = course();
    let out = course.root().with_file_name("out");
    let script = format!("exec \"$@\" > '{}'", out.display());
    let running = course
        .program("watch 01")
        .through(["sh", "-c", &script, "sh"])
        .start();
    let printed = || fs::read_to_string(&out).unwrap_or_default();
    wait_for("a verdict", || printed().contains("hint 01\n"));
    course.solve(RIGHT_ADDER);
    wait_for("another verdict", || printed().contains("README.md\n"));
    running.signal("TERM");
    running.end().exits(130);
    let text = printed();
    assert!(text.starts_with("01 adder: not yet (2 of 3"), "{text}");
    assert!(text.contains(&format!("\n\n{DONE}\n")), "{text}");
    assert!(!text.contains('\u{1b}'), "{text:?}");
    nothing_is_left(&course);
}

/// Stands for cargo: it runs `script` with cargo's arguments.
fn fake_cargo(course: &Course, script: &str) -> PathBuf {
    let cargo = course.root().with_file_name("cargo");
    fs::write(&cargo, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    cargo
}

#[test]
fn the_first_use_builds_it_and_says_so() {
    let course = Course::new();
    let target = course.root().with_file_name("target");
    let program = target.join("wt/tools/debug/wt-watch");
    let script = format!(
        "mkdir -p '{folder}'; printf '#!/bin/sh\\necho \"watch: $*\"\\n' > '{program}'; \
         chmod +x '{program}'; echo \"cargo: $*\"",
        folder = program.parent().unwrap().display(),
        program = program.display()
    );
    let cargo = fake_cargo(&course, &script);
    let watch = || {
        let program = course.program("watch 01 --poll --color always");
        program
            .env("CARGO", &cargo)
            .env("CARGO_TARGET_DIR", &target)
            .run()
    };
    let first = watch();
    first
        .exits(0)
        .says("building watch; this happens once")
        .says("cargo: build --locked --package wt-watch")
        .says(&format!(
            "--root {} --color --poll 01-adder",
            course.root().display()
        ));
    watch().exits(0).keeps_quiet_about("building watch");
}

#[test]
fn a_first_use_that_fails_says_what_to_do() {
    let course = Course::new();
    let target = course.root().with_file_name("target");
    let cargo = fake_cargo(&course, "echo 'error: failed to download' >&2; exit 101");
    let program = course.program("watch 01");
    let ran = program
        .env("CARGO", cargo)
        .env("CARGO_TARGET_DIR", target)
        .run();
    ran.exits(3)
        .says("failed to download")
        .says("watch does not build")
        .says("try again")
        .keeps_quiet_about("--poll");
}

#[test]
fn an_unknown_lesson_is_told_before_anything_is_built() {
    let course = Course::new();
    let ran = course
        .program("watch addder")
        .env("CARGO", "/bin/false")
        .run();
    ran.exits(2).says("there is no lesson `addder`");
    course.run("watch 01 02").exits(2);
    course.run("help watch").exits(0).says("--poll");
}

#[test]
fn its_own_command_line_names_the_way_to_start_it() {
    drop(course());
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wt/tools/debug/wt-watch");
    let ran = Command::new(program).stdin(Stdio::null()).output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("cargo xtask watch"));
}
