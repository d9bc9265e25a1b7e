//! `verify`: a sound course holds, and every flaw is named.

mod course;

use course::{Course, Ran, adder_that};

const LESSON: &str = "exercises/01-adder/lesson.toml";
const STARTER: &str = "exercises/01-adder/src/lib.rs";
const STARTER_COPY: &str = "solutions/01-adder/starter/lib.rs";
const SOLUTION: &str = "solutions/01-adder/src/lib.rs";
const ALSO: &str = "solutions/01-adder/also/one_atomic.rs";
const CHECKS: &str = "solutions/01-adder/hidden/checks.rs";
const CHAPTER: &str = "book/src/01-adder.md";
/// A known-bad solution that fails `nothing_sums_to_zero` as `wrong`.
const BAD: &str = "solutions/01-adder/bad/starts_at_one.rs";
const BAD_TEXT: &str = "solutions/01-adder/bad/verdicts/starts_at_one.txt";

/// The small course with only these sources in lesson 01, so that a test looks at
/// one flaw and is done soon. That the others are missing is told, too.
fn only(kept: &[&str]) -> Course {
    let course = Course::new();
    let bads = [
        "leaves_a_thread",
        "skips_the_rest",
        "starts_at_one",
        "unwraps_nothing",
        "waits_for_nobody",
    ];
    let bads = bads.map(|bad| format!("solutions/01-adder/bad/{bad}.rs"));
    for file in [STARTER, SOLUTION, ALSO]
        .into_iter()
        .chain(bads.iter().map(String::as_str))
    {
        if !kept.contains(&file) {
            course.remove(file);
        }
    }
    course
}

/// Verifies lesson 01, which must be found broken in `subject`.
#[track_caller]
fn broken(course: &Course, subject: &str) -> Ran {
    let ran = course.run("verify 01");
    ran.exits(1).says(&format!("BROKEN  01 {subject}\n"));
    ran
}

#[test]
fn a_sound_course_holds_and_nothing_is_written() {
    let course = Course::new();
    let before = course.files();
    let ran = course.run("verify 01 --force");
    ran.exits(0)
        .says(" hold in 1 lesson\n")
        .keeps_quiet_about("BROKEN");
    for subject in [
        "files",
        "starter",
        "visible test",
        "solution",
        "also/one_atomic",
        "bad/waits_for_nobody",
    ] {
        ran.says(&format!("holds   01 {subject}\n"));
    }
    assert!(course.files() == before, "a file has changed");
}

#[test]
fn every_lesson_is_verified_unless_one_is_named() {
    let course = only(&[]);
    for lesson in ["02-adding-aloud", "03-single-ticket"] {
        course.remove(&format!("exercises/{lesson}/src"));
        course.remove(&format!("solutions/{lesson}/src"));
    }
    let ran = course.run("verify");
    ran.exits(1)
        .says("01 solution")
        .says("02 solution")
        .says("03 solution")
        .says("in 3 lessons");
    let ran = course.run("verify 02 single");
    ran.exits(1)
        .keeps_quiet_about("01 solution")
        .says("02 solution")
        .says("03 solution")
        .says("in 2 lessons");
    course
        .run("verify 04")
        .exits(2)
        .says("there is no lesson `04`");
}

#[test]
fn a_hidden_check_that_was_weakened_is_found_by_a_known_bad_solution() {
    let course = only(&[BAD]);
    course.edit(CHECKS, "sum == 0", "sum < 2");
    broken(&course, "bad/starts_at_one")
        .says("it must fail `nothing_sums_to_zero` (wrong), but it fails nothing");
}

#[test]
fn a_known_bad_solution_that_names_another_check_is_found() {
    let course = only(&[BAD]);
    course.edit(
        BAD,
        "nothing_sums_to_zero (wrong)",
        "no_thread_is_left (wrong)",
    );
    broken(&course, "bad/starts_at_one").says(
        "it must fail `no_thread_is_left` (wrong), but it fails `nothing_sums_to_zero` (wrong)",
    );
}

#[test]
fn a_right_solution_that_fails_now_and_then_is_found_by_many_runs() {
    let course = only(&[ALSO]);
    let unlucky = "if std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 1) % 2 == 0 { return 1 }";
    course.edit(ALSO, "let sum =", &format!("{unlucky}\n    let sum ="));
    let ran = course.run("verify 01 --runs 40");
    ran.exits(1)
        .says("BROKEN  01 also/one_atomic\n")
        .says(" of 40 runs:\n")
        .says("each source run 40 times");
}

#[test]
fn a_known_bad_solution_with_the_wrong_word_is_found() {
    let course = only(&[BAD]);
    course.edit(BAD, "(wrong)", "(panicked)");
    broken(&course, "bad/starts_at_one")
        .says("it must fail `nothing_sums_to_zero` (panicked), but")
        .says("it fails `nothing_sums_to_zero` (wrong)");
}

#[test]
fn a_known_bad_solution_that_fails_more_than_it_says_is_found() {
    let course = only(&[BAD]);
    course.edit(
        BAD,
        "{ 1 } else { numbers.iter().sum() }",
        "{ 1 } else { 0 }",
    );
    broken(&course, "bad/starts_at_one")
        .says("it fails `nothing_sums_to_zero` (wrong), `the_sum_is_right` (wrong)");
}

#[test]
fn a_known_bad_solution_that_names_no_check_of_the_lesson_is_found() {
    let course = only(&[BAD]);
    course.edit(BAD, "nothing_sums_to_zero", "nothing_sums_to_one");
    broken(&course, "bad/starts_at_one")
        .says("it names `nothing_sums_to_one`, which is no check of this lesson");
}

#[test]
fn a_known_bad_solution_without_its_first_line_is_found() {
    let course = only(&[BAD]);
    course.edit(BAD, "//! Must fail: ", "//! It fails ");
    broken(&course, "bad/starts_at_one").says("its first line must be like `//! Must fail: ");
    course.write(BAD, "//! Must fail: nothing_sums_to_zero (bad)\n");
    broken(&course, "bad/starts_at_one").says("`bad` is no verdict word");
}

#[test]
fn known_bad_solutions_that_all_fail_the_visible_test_are_found() {
    let course = only(&[BAD]);
    course.edit(
        "exercises/01-adder/tests/visible.rs",
        "vec![1, 2], 2), 3",
        "vec![], 2), 0",
    );
    broken(&course, "visible test")
        .says("every known-bad solution fails it, so the hidden checks add nothing");
}

#[test]
fn a_lesson_with_too_few_known_bad_solutions_is_found() {
    broken(&only(&[BAD]), "files").says("known-bad solutions: 1; it needs 5");
}

#[test]
fn a_verdict_text_that_has_changed_is_found_and_blessed() {
    let course = only(&[BAD]);
    let text = course.read(BAD_TEXT);
    course.edit(BAD, "What should a sum begin with?", "And who is 1?");
    broken(&course, "bad/starts_at_one")
        .says("its verdict is not the one in `solutions/01-adder/bad/verdicts/starts_at_one.txt`")
        .says("before:")
        .says("next   with no numbers the sum is 1. What should a sum begin with?")
        .says("now:")
        .says("next   with no numbers the sum is 1. And who is 1?");
    assert_eq!(course.read(BAD_TEXT), text, "only `--bless` writes");

    course
        .run("verify 01 --bless")
        .says("holds   01 bad/starts_at_one\n");
    assert_eq!(
        course.read(BAD_TEXT),
        text.replace("What should a sum begin with?", "And who is 1?")
    );
}

#[test]
fn a_verdict_text_that_is_missing_is_found_and_blessed() {
    let course = only(&[BAD]);
    let text = course.read(BAD_TEXT);
    course.remove(BAD_TEXT);
    broken(&course, "bad/starts_at_one")
        .says("verdicts/starts_at_one.txt` is missing")
        .says("--bless");
    assert!(!course.path(BAD_TEXT).exists());
    course
        .run("verify 01 --bless")
        .says("holds   01 bad/starts_at_one\n");
    assert_eq!(course.read(BAD_TEXT), text);
}

#[test]
fn bless_accepts_no_verdict_that_the_first_line_does_not_name() {
    let course = only(&[BAD]);
    let text = course.read(BAD_TEXT);
    course.edit(BAD, "{ 1 } else", "{ unreachable!() } else");
    course
        .run("verify 01 --bless")
        .exits(1)
        .says("BROKEN  01 bad/starts_at_one\n");
    assert_eq!(course.read(BAD_TEXT), text);
}

#[test]
fn a_starter_with_a_warning_is_found() {
    let course = only(&[STARTER]);
    let warned = course.read(STARTER) + "fn unused() {}\n";
    course.write(STARTER, &warned);
    course.write(STARTER_COPY, &warned);
    broken(&course, "starter")
        .says("it builds with warnings:")
        .says("function `unused` is never used");
}

#[test]
fn a_starter_that_passes_is_found() {
    let course = only(&[STARTER, SOLUTION]);
    let solution = course.read(SOLUTION);
    course.write(STARTER, &solution);
    course.write(STARTER_COPY, &solution);
    broken(&course, "starter")
        .says("it passes every check")
        .says("it passes the visible test");
}

#[test]
fn a_starter_that_does_not_build_is_found() {
    let course = only(&[STARTER]);
    course.edit(STARTER, "todo!", "to_do!");
    course.write(STARTER_COPY, course.read(STARTER));
    broken(&course, "starter")
        .says("it does not build:")
        .says("to_do");
}

#[test]
fn a_starter_that_is_not_what_reset_brings_back_is_found_and_blessed() {
    let course = only(&[STARTER]);
    course.edit(STARTER, "The sum of", "The whole sum of");
    broken(&course, "starter").says("is not the starter in `solutions/01-adder/starter/lib.rs`");
    course.run("verify 01 --bless").says("holds   01 starter\n");
    assert_eq!(course.read(STARTER_COPY), course.read(STARTER));
}

#[test]
fn a_solution_that_fails_is_found() {
    let course = only(&[SOLUTION]);
    course.write(SOLUTION, adder_that("return 1;"));
    broken(&course, "solution")
        .says("it must pass, but:")
        .says("the sum of no numbers is 1, not 0");
}

#[test]
fn a_solution_with_a_warning_is_found() {
    let course = only(&[SOLUTION]);
    course.write(SOLUTION, course.read(SOLUTION) + "fn unused() {}\n");
    broken(&course, "solution").says("it builds with warnings:");
}

#[test]
fn a_solution_that_fails_the_visible_test_is_found() {
    let course = only(&[SOLUTION]);
    course.edit("exercises/01-adder/tests/visible.rs", "3);", "4);");
    broken(&course, "solution").says("it fails the visible test");
}

#[test]
fn a_check_that_the_lesson_does_not_name_is_found() {
    let course = only(&[SOLUTION]);
    let lesson = course.read(LESSON);
    let last = lesson.rfind("[[check]]").unwrap();
    course.write(LESSON, &lesson[..last]);
    broken(&course, "solution")
        .says("`hidden/checks.rs` has `no_thread_is_left`, but `lesson.toml` does not name it");
}

#[test]
fn a_check_that_the_lesson_names_twice_is_found() {
    let course = only(&[]);
    course.edit(
        LESSON,
        "id = \"no_thread_is_left\"",
        "id = \"nothing_sums_to_zero\"",
    );
    broken(&course, "files").says("`lesson.toml` has the check `nothing_sums_to_zero` twice");
}

#[test]
fn a_lesson_without_another_right_solution_is_found() {
    broken(&only(&[]), "files").says("it has no other right solution in `also`");
}

#[test]
fn another_right_solution_that_is_wrong_is_found() {
    let course = only(&[ALSO]);
    course.edit(ALSO, "AtomicU64::new(0)", "AtomicU64::new(1)");
    broken(&course, "also/one_atomic")
        .says("it must pass, but:")
        .says("is 1, not 0");
    course.edit(ALSO, "//! Also right: ", "//! Right: ");
    broken(&course, "also/one_atomic").says("its first line must begin with `//! Also right: `");
}

#[test]
fn every_missing_file_is_found() {
    let course = only(&[]);
    let files = [
        "exercises/01-adder/README.md",
        "exercises/01-adder/HINTS.md",
        "exercises/01-adder/Cargo.toml",
        "exercises/01-adder/tests/visible.rs",
        "solutions/01-adder/Cargo.toml",
        "solutions/01-adder/starter/lib.rs",
        "solutions/01-adder/NOTES.md",
        "examples/01-adder/Cargo.toml",
        "examples/01-adder/src/main.rs",
        CHAPTER,
    ];
    for file in files {
        course.remove(file);
    }
    let ran = broken(&course, "files");
    for file in files {
        ran.says(&format!("`{file}` is missing"));
    }
}

#[test]
fn a_missing_program_that_must_not_compile_is_found() {
    let course = Course::new();
    course.remove("solutions/03-single-ticket/hidden/compile_fail/a_ticket_is_used_once.rs");
    course.run("verify 03").exits(1).says(
        "`solutions/03-single-ticket/hidden/compile_fail/a_ticket_is_used_once.rs` is missing",
    );
}

#[test]
fn every_dead_link_is_found() {
    let course = only(&[]);
    let dead = "See [there](../nowhere.md#at-all) and [here](https://example.org).\n";
    for page in [
        "exercises/01-adder/README.md",
        "exercises/01-adder/HINTS.md",
        "solutions/01-adder/NOTES.md",
        CHAPTER,
    ] {
        course.write(page, course.read(page) + dead);
    }
    let ran = broken(&course, "files");
    for page in [
        "exercises/01-adder/README.md",
        "exercises/01-adder/HINTS.md",
        "solutions/01-adder/NOTES.md",
        CHAPTER,
    ] {
        ran.says(&format!(
            "`{page}` links to `../nowhere.md#at-all`, which does not exist"
        ));
    }
    ran.keeps_quiet_about("example.org");
}

#[test]
fn an_anchor_that_is_not_in_the_example_is_found() {
    let course = only(&[]);
    course.edit(CHAPTER, "main.rs:add}}", "main.rs:subtract}}");
    broken(&course, "files")
        .says("includes the anchor `subtract` of `../../examples/01-adder/src/main.rs`, which");
    course.edit(CHAPTER, "main.rs:subtract}}", "main.rs:add}}");
    course.edit("examples/01-adder/src/main.rs", "// ANCHOR_END: add\n", "");
    broken(&course, "files").says("includes the anchor `add`");
    course.edit(CHAPTER, "main.rs:add}}", "major.rs}}");
    broken(&course, "files")
        .says("includes `../../examples/01-adder/src/major.rs`, which does not exist");
}

#[test]
fn an_id_or_a_number_that_two_lessons_have_is_found() {
    let course = only(&[]);
    course.edit(
        "exercises/02-adding-aloud/lesson.toml",
        "id = \"adding-aloud\"",
        "id = \"adder\"",
    );
    broken(&course, "files").says("`02-adding-aloud` has the same id or number");
}

#[test]
fn a_part_or_an_objective_that_the_course_does_not_have_is_found() {
    let course = only(&[]);
    course.edit(LESSON, "part = 1", "part = 3");
    course.edit(LESSON, "[\"adding\"]", "[\"adding\", \"flying\"]");
    broken(&course, "files")
        .says("part 3 is not in `course.toml`")
        .says("the objective `flying` is not in `course.toml`");
}

#[test]
fn hints_in_another_form_are_found() {
    let course = only(&[]);
    course.edit("exercises/01-adder/HINTS.md", "## 3", "### 3");
    broken(&course, "files").says("`HINTS.md` must have the sections `## 1`, `## 2` and `## 3`");
}

#[test]
fn a_package_with_another_name_is_found() {
    let course = only(&[]);
    course.edit("solutions/01-adder/Cargo.toml", "sol01-adder", "sol01-add");
    broken(&course, "files").says("name = \"sol01-adder\"");
}

#[test]
fn new_snapshots_are_written_only_when_they_are_asked_for() {
    let course = Course::new();
    course.edit(
        "solutions/02-adding-aloud/src/lib.rs",
        "+ {b} =",
        "plus {b} =",
    );
    let snapshots = "solutions/02-adding-aloud/hidden/snapshots";
    let count = || std::fs::read_dir(course.path(snapshots)).unwrap().count();
    course
        .run("verify 02")
        .exits(1)
        .says("BROKEN  02 solution\n");
    assert_eq!(count(), 1);
    course.run("verify 02 --snapshots").exits(1);
    assert!(
        course
            .read(&format!("{snapshots}/one_and_two.snap.new"))
            .contains("1 plus 2 = 3")
    );
    assert!(
        course
            .read(&format!("{snapshots}/one_and_two.snap"))
            .contains("1 + 2 = 3")
    );
}

/// A check that lets a known mistake pass the first time.
#[test]
fn what_holds_only_when_graded_again_is_told_as_flaky() {
    let course = Course::new();
    let marker = course.path("graded-once");
    course.edit(
        CHECKS,
        "    assert!(sum == 0,",
        &format!(
            "    if sum == 1 && std::fs::File::create_new({marker:?}).is_ok() {{\n        return;\n    }}\n    assert!(sum == 0,"
        ),
    );
    course
        .run("verify 01 --retries 1")
        .exits(0)
        .says("FLAKY   01 bad/starts_at_one\n")
        .says("but it fails nothing")
        .says(" hold in 1 lesson; 1 of them flaky\n");
    std::fs::remove_file(marker).unwrap();
    broken(&course, "bad/starts_at_one").keeps_quiet_about("FLAKY");
}

#[test]
fn what_held_is_not_graded_again_until_something_changes() {
    let course = Course::apart();
    course.run("verify 01").exits(0).says("holds   01 starter");

    let again = course.run("verify 01");
    again
        .exits(0)
        .says(" have not changed since they did (`--force` runs them)\n")
        .keeps_quiet_about("01 starter")
        .keeps_quiet_about("01 bad/");
    course
        .run("verify 01 --force")
        .exits(0)
        .says("01 starter")
        .keeps_quiet_about("not changed");

    // A hidden check decides about every source.
    course.write(CHECKS, format!("{}\n// new\n", course.read(CHECKS)));
    course
        .run("verify 01")
        .says("01 starter")
        .says("01 bad/unwraps_nothing");

    // One known mistake that is none any more is graded, and found.
    let right = course.read(SOLUTION).replace("//!", "//");
    let header = course.read(BAD);
    let header: Vec<&str> = header
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .collect();
    course.write(BAD, format!("{}\n\n{right}", header.join("\n")));
    course
        .run("verify 01")
        .exits(1)
        .says("BROKEN  01 bad/starts_at_one")
        .keeps_quiet_about("01 starter")
        .keeps_quiet_about("01 bad/unwraps_nothing");
}
