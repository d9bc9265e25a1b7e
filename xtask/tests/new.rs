//! `cargo xtask new`: a lesson that compiles at once and is not finished.

mod course;

use course::{Course, mounted_apart};

const SUMMARY: &str = "# Summary\n\n# Sums\n\n- [01 Adding](01-adder.md)\n";

#[test]
fn a_new_lesson_compiles_and_verify_names_what_is_missing() {
    let course = Course::apart();
    course.write("book/src/SUMMARY.md", SUMMARY);
    course
        .run("new 04-cancel-tokens")
        .exits(0)
        .says("04 cancel-tokens: begun")
        .says("made   exercises/04-cancel-tokens")
        .says("added  book/src/SUMMARY.md")
        .says("cargo xtask verify 04");
    assert_eq!(
        course.read("book/src/SUMMARY.md"),
        format!("{SUMMARY}- [04 Cancel tokens](04-cancel-tokens.md)\n")
    );
    let ran = course.run("verify 04");
    ran.exits(1)
        .says("holds   04 starter")
        .says("holds   04 solution")
        .says("BROKEN  04 files")
        .says("`exercises/04-cancel-tokens/README.md`, line 3, is still to be written: the problem")
        .says("`exercises/04-cancel-tokens/HINTS.md`, line 5, is still to be written: a question.")
        .says("`solutions/04-cancel-tokens/NOTES.md`, line 5, is still to be written")
        .says("`book/src/04-cancel-tokens.md`, line 5, is still to be written")
        .says("it names no objective")
        .says("known-bad solutions: 0; it needs 5")
        .says("it has no other right solution in `also`")
        .says("BROKEN  04 visible test")
        .keeps_quiet_about("is missing")
        .keeps_quiet_about("does not exist")
        .keeps_quiet_about("Cargo.toml does not say")
        .keeps_quiet_about("has no link to");
    course
        .run("check 04")
        .exits(1)
        .says("04 cancel-tokens: not yet (0 of 1 properties hold)");
    let solution = course.read("solutions/04-cancel-tokens/src/lib.rs");
    course.write("exercises/04-cancel-tokens/src/lib.rs", solution);
    course.run("check 04").exits(0);
    course.run("hint 04").exits(0);
    course.run("list").exits(0).says("04 cancel-tokens");
}

#[test]
fn a_chapter_that_the_summary_does_not_name_is_found() {
    let course = Course::new();
    course.write("book/src/SUMMARY.md", SUMMARY);
    course.run("new 04-cancel-tokens").exits(0);
    course.write("book/src/SUMMARY.md", SUMMARY);
    course
        .run("verify 04")
        .exits(1)
        .says("`book/src/SUMMARY.md` has no link to `(04-cancel-tokens.md)`");
}

#[test]
fn what_is_there_is_never_overwritten() {
    let course = Course::new();
    course.write("solutions/05-notes/NOTES.md", "mine");
    course.write("book/src/06-pages.md", "mine");
    let before = course.files();
    for (name, why) in [
        (
            "01-other",
            "number 01 is taken by `01-adder`, and 04 is free",
        ),
        ("04-adder", "`01-adder` has this name already"),
        ("05-notes", "`solutions/05-notes` is there already"),
        ("06-pages", "`book/src/06-pages.md` is there already"),
    ] {
        course
            .run(&format!("new {name}"))
            .exits(2)
            .says(why)
            .says("nothing was changed");
    }
    assert!(course.files() == before);
}

#[test]
fn a_name_that_is_none_is_a_wrong_usage() {
    let course = Course::new();
    let before = course.files();
    for (name, why) in [
        ("cancel-tokens", "`cancel` is no number from 1"),
        ("cancel", "`cancel` has no number and idea"),
        ("4-cancel", "write the number in two digits: `04-cancel`"),
        ("04-Cancel", "has other characters"),
        ("04-../up", "has other characters"),
        ("04-move", "a library cannot be called `move`"),
    ] {
        course.run(&format!("new {name}")).exits(2).says(why);
    }
    course.run("new").exits(2).says("`new` needs a NN-IDEA");
    assert!(course.files() == before);
}

#[test]
fn a_place_that_cannot_be_written_leaves_nothing_behind() {
    let course = Course::new();
    let before = course.files();
    let root = course.root().display();
    let script = format!(
        "mount --bind {root}/book/src {root}/book/src; mount -o remount,bind,ro {root}/book/src; cd {root}"
    );
    let Some(read_only) = mounted_apart(&script) else {
        return;
    };
    course
        .program("new 04-cancel-tokens")
        .through(&read_only)
        .run()
        .exits(3)
        .says("book/src/04-cancel-tokens.md");
    assert!(course.files() == before);
    assert!(!course.path("solutions/04-cancel-tokens").exists());
    assert!(!course.path("exercises/04-cancel-tokens").exists());
}
