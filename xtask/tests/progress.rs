//! What a learner has done is noted, shown and never lost; what has not changed
//! is not run again.

mod course;

use std::fs;

use course::{Course, RIGHT_ADDER, adder_that, is_root};

const PROGRESS: &str = "progress.txt";

/// The lines of the progress file that are no comments.
fn noted(course: &Course) -> Vec<String> {
    let text = course.read(PROGRESS);
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_lesson_that_passes_is_noted_with_the_day_and_shown() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course
        .run("check 01")
        .exits(0)
        .says("next   02 adding-aloud (10 minutes)");
    let lines = noted(&course);
    assert_eq!(lines.len(), 1);
    let day = lines[0].strip_prefix("adder passed=20").expect("a day");
    assert_eq!(day.len(), "26-11-24".len(), "{day}");

    course
        .run("")
        .exits(0)
        .says("A small course: 1 of 3 lessons done, 25 minutes to go")
        .says("  1 Sums                         [##########----------] 1 of 2\n")
        .says("next   02 adding-aloud (10 minutes)");
    course
        .run("list")
        .says("  done   01 adder ")
        .says("core: 2 lessons, 15 minutes, 1 done");
}

#[test]
fn a_lesson_that_fails_again_is_no_longer_done() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.run("check 01").exits(0);
    course.solve(adder_that("return 1;"));
    course.run("check 01").exits(1);
    assert_eq!(noted(&course), Vec::<String>::new());
    course.run("list").says("  begun  01 adder ");
}

#[test]
fn a_starter_that_fails_leaves_no_file_behind() {
    let course = Course::new();
    course.run("check 01").exits(1);
    assert!(!course.path(PROGRESS).exists());
}

#[test]
fn what_a_merge_left_in_the_file_is_understood() {
    let course = Course::new();
    course.write(
        PROGRESS,
        "<<<<<<< HEAD\nadder hints=2\n=======\nadder passed=2026-01-02\n>>>>>>> theirs\n\
         a-lesson-of-tomorrow passed=2030-01-01 stars=3\n",
    );
    course.run("list").exits(0).says("  done   01 adder ");
    course.run("hint 01").exits(0).says("hint 3 of 3");
    assert_eq!(
        noted(&course),
        [
            "a-lesson-of-tomorrow passed=2030-01-01 stars=3",
            "adder passed=2026-01-02 hints=3",
        ]
    );
}

#[test]
fn a_progress_file_that_is_no_text_costs_no_verdict_and_is_not_overwritten() {
    let course = Course::new();
    course.write(PROGRESS, b"\xff\xfe");
    course.solve(RIGHT_ADDER);
    course
        .run("check 01")
        .exits(0)
        .says("01 adder: done")
        .says("your progress is not noted: cannot read `progress.txt`")
        .says("move it away");
    assert_eq!(fs::read(course.path(PROGRESS)).unwrap(), b"\xff\xfe");
}

#[test]
fn a_folder_that_cannot_be_written_costs_no_verdict() {
    if is_root() {
        // Root may write everywhere; a folder in the file's place stops it, too.
        let course = Course::new();
        fs::create_dir(course.path(PROGRESS)).unwrap();
        course.solve(RIGHT_ADDER);
        course
            .run("check 01")
            .exits(0)
            .says("your progress is not noted");
        return;
    }
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let root = course.root();
    let writable = fs::metadata(root).unwrap().permissions();
    let mut read_only = writable.clone();
    read_only.set_readonly(true);
    fs::set_permissions(root, read_only).unwrap();
    let ran = course.run("check 01");
    fs::set_permissions(root, writable).unwrap();
    ran.exits(0)
        .says("your progress is not noted: `progress.txt`");
}

#[test]
fn several_commands_at_once_lose_nothing() {
    let course = Course::new();
    for lesson in ["02-adding-aloud", "03-single-ticket"] {
        let solution = course.read(&format!("solutions/{lesson}/src/lib.rs"));
        course.write(&format!("exercises/{lesson}/src/lib.rs"), solution);
    }
    course.solve(RIGHT_ADDER);
    let running = [
        course.program("check 01").start(),
        course.program("check 02").start(),
        course.program("check 03").start(),
        course.program("hint 01").start(),
    ];
    for running in running {
        running.end().exits(0);
    }
    let lines = noted(&course);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.contains(" passed=")),
        "{lines:?}"
    );
    assert!(lines[0].ends_with(" hints=1"), "{lines:?}");
}

#[test]
fn what_has_not_changed_is_not_run_again() {
    let course = Course::apart();
    course.solve(RIGHT_ADDER);
    course
        .run("check --all")
        .exits(1)
        .says("done     01 adder               3 of 3 properties hold\n")
        .says("not yet  02 adding-aloud        not begun\n")
        .says("1 of 3 lessons are done");
    course
        .run("check --all")
        .exits(1)
        .says("done     01 adder               3 of 3 properties hold, unchanged\n");
    course
        .run("check --all --force")
        .exits(1)
        .says("done     01 adder               3 of 3 properties hold\n");

    // Another solution, another check: both are new.
    course.solve(adder_that("return 1;"));
    course.run("check --all").exits(1).says(
        "not yet  01 adder               2 of 3 properties hold; nothing_sums_to_zero: wrong: ",
    );
    course.solve(RIGHT_ADDER);
    course.run("check 01").exits(0);
    course.edit(
        "solutions/01-adder/hidden/checks.rs",
        "sum == 0",
        "sum == 1",
    );
    course.run("check --all").exits(1).says(
        "not yet  01 adder               2 of 3 properties hold; nothing_sums_to_zero: wrong: ",
    );
}

#[test]
fn list_shows_what_is_asked_for() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.run("check 01").exits(0);
    let shows = |words: &str, lessons: &[&str]| {
        let ran = course.run(words);
        ran.exits(0);
        for lesson in ["01 adder", "02 adding-aloud", "03 single-ticket"] {
            if lessons.contains(&lesson) {
                ran.says(lesson);
            } else {
                ran.keeps_quiet_about(lesson);
            }
        }
    };
    shows("list add", &["01 adder", "02 adding-aloud"]);
    shows("list TICKET", &["03 single-ticket"]);
    shows("list --part 2", &["03 single-ticket"]);
    shows("list --track core", &["01 adder", "02 adding-aloud"]);
    shows("list --state done", &["01 adder"]);
    shows(
        "list --state open",
        &["02 adding-aloud", "03 single-ticket"],
    );
    shows("list --state open --part 1", &["02 adding-aloud"]);
    shows("list xyzzy", &[]);
}

#[test]
fn the_solution_is_shown_after_passing_or_on_request() {
    let course = Course::new();
    course.write("solutions/01-adder/NOTES.md", "# Notes\n\nBecause.\n");
    let closed = course.run("solution 01");
    closed
        .exits(1)
        .says("01 adder: not yet")
        .says("cargo xtask solution 01 --spoil")
        .keeps_quiet_about("Because.");
    course
        .run("solution 01 --spoil")
        .exits(0)
        .says("Because.")
        .says("--- exercises/01-adder/src/lib.rs")
        .says("+++ solutions/01-adder/src/lib.rs")
        .says("-    todo!(");
    course.solve(RIGHT_ADDER);
    course.run("check 01").exits(0);
    course
        .run("solution 01")
        .exits(0)
        .says("pub fn total(")
        .says("none: they are the same");
}

#[test]
fn reset_takes_the_pass_back_and_can_do_all() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.run("check 01").exits(0);
    course.write("exercises/02-adding-aloud/src/lib.rs", "// mine\n");
    course
        .run("reset --all")
        .exits(0)
        .says("01 adder: the starter is back")
        .says("02 adding-aloud: the starter is back")
        .says("your work is in `exercises/02-adding-aloud/backup/1`")
        .keeps_quiet_about("03 single-ticket");
    assert_eq!(
        course.read("exercises/02-adding-aloud/backup/1/lib.rs"),
        "// mine\n"
    );
    assert_eq!(noted(&course), Vec::<String>::new());
    course
        .run("reset --all")
        .exits(0)
        .says("every exercise is the starter already");
}

#[test]
fn quiet_is_one_line() {
    let course = Course::new();
    course.solve(adder_that("return 1;"));
    let ran = course.run("check 01 --quiet");
    ran.exits(1);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.text());
    ran.says(
        "not yet  01 adder               2 of 3 properties hold; nothing_sums_to_zero: wrong: ",
    );
}
