//! A learner whose failure is that of a known mistake gets the hint of that mistake.

mod course;

use course::{Course, Ran, adder_that};

const BAD: &str = "solutions/01-adder/bad";
/// The question of `lesson.toml`, for whoever made no mistake that is known.
const GENERAL: &str = "next   what is there to add?";
const OF_STARTS_AT_ONE: &str = "next   with no numbers the sum is 1. What should a sum begin with?";

fn checked(course: &Course, body: &str) -> Ran {
    course.solve(adder_that(body));
    let ran = course.run("check 01");
    ran.exits(1);
    ran
}

/// Adds a known mistake, which is `starts_at_one` with another hint.
fn add_mistake(course: &Course, name: &str, hint: &str) {
    let source = course.read(&format!("{BAD}/starts_at_one.rs"));
    let own = source.lines().nth(1).unwrap();
    let source = source.replace(own, &format!("//! Hint: {hint}"));
    course.write(&format!("{BAD}/{name}.rs"), source);
    let text = course.read(&format!("{BAD}/verdicts/starts_at_one.txt"));
    course.write(&format!("{BAD}/verdicts/{name}.txt"), text);
}

#[test]
fn a_known_mistake_is_met_with_its_hint_in_place_of_the_general_question() {
    let course = Course::new();
    let ran = checked(&course, "return 1;");
    ran.says(OF_STARTS_AT_ONE).keeps_quiet_about(GENERAL);
    // The name of the mistake and what its file says of it would be the answer.
    ran.keeps_quiet_about("starts_at_one")
        .keeps_quiet_about("it begins with 1");
}

#[test]
fn a_check_that_says_something_else_is_another_mistake() {
    checked(&Course::new(), "return 2;")
        .says("the sum of no numbers is 2, not 0")
        .says(GENERAL)
        .keeps_quiet_about("the sum is 1");
}

#[test]
fn more_failures_than_those_of_a_known_mistake_are_another_mistake() {
    let body = "std::thread::spawn(|| loop { std::thread::park() }); return 1;";
    let always = adder_that(body).replace("if numbers.is_empty() {", "if numbers.len() < 4 {");
    let course = Course::new();
    course.solve(always);
    course
        .run("check 01")
        .exits(1)
        .says("wrong         no numbers sum to 0")
        .says("wrong         every thread is joined")
        .says(GENERAL);
}

#[test]
fn a_panic_is_known_by_its_word_whatever_its_message() {
    checked(&Course::new(), "panic!(\"nobody wrote this before\")")
        .says("next   your code panics when there are no numbers.");
}

#[test]
fn what_is_not_written_yet_is_no_mistake() {
    checked(&Course::new(), "todo!(\"when there is nothing\")")
        .says("not yet implemented: when there is nothing")
        .says("next   write that line; what it must do is in exercises/01-adder/README.md");
}

#[test]
fn two_mistakes_that_look_the_same_have_no_hint() {
    let course = Course::new();
    add_mistake(&course, "counts_from_one", "you count from 1. Why?");
    checked(&course, "return 1;")
        .says(GENERAL)
        .keeps_quiet_about("you count from 1");
}

#[test]
fn two_mistakes_that_look_the_same_may_share_a_hint() {
    let course = Course::new();
    let hint = "with no numbers the sum is 1. What should a sum begin with?";
    add_mistake(&course, "counts_from_one", hint);
    checked(&course, "return 1;").says(OF_STARTS_AT_ONE);
}

#[test]
fn two_mistakes_with_the_same_checks_are_told_apart_by_what_the_checks_say() {
    let course = Course::new();
    add_mistake(&course, "starts_at_two", "you begin with 2. Why?");
    let text = format!("{BAD}/verdicts/starts_at_two.txt");
    course.edit(&text, "is 1, not 0", "is 2, not 0");
    checked(&course, "return 1;").says(OF_STARTS_AT_ONE);
    checked(&course, "return 2;").says("next   you begin with 2. Why?");
}

#[test]
fn numbers_that_vary_tell_no_mistakes_apart() {
    let course = Course::new();
    let file = format!("{BAD}/starts_at_one.rs");
    course.edit(&file, "//! Hint:", "//! Redact: numbers\n//! Hint:");
    let text = format!("{BAD}/verdicts/starts_at_one.txt");
    course.edit(&text, "is 1, not 0", "is [n], not [n]");
    checked(&course, "return 7;").says(OF_STARTS_AT_ONE);
}

#[test]
fn all_failures_are_explained_and_the_first_has_the_hint() {
    let course = Course::new();
    course.edit(
        &format!("{BAD}/starts_at_one.rs"),
        "nothing_sums_to_zero (wrong)",
        "nothing_sums_to_zero (wrong), no_thread_is_left (wrong)",
    );
    course.remove(&format!("{BAD}/verdicts/starts_at_one.txt"));
    let body = "std::thread::spawn(|| loop { std::thread::park() }); return 1;";
    course.solve(adder_that(body).replace("if numbers.is_empty() {", "if numbers.len() < 4 {"));
    course
        .run("check 01 --verbose")
        .exits(1)
        .says(OF_STARTS_AT_ONE)
        .says("next   who waits for the workers?");
}

#[test]
fn a_learner_edition_knows_the_mistakes_and_does_not_have_them() {
    let course = Course::new();
    course.run("export ../edition").exits(0);
    let edition = course.root().with_file_name("edition");
    std::fs::write(edition.join(course::ADDER), adder_that("return 1;")).unwrap();
    course
        .program("check 01")
        .inside(&edition)
        .run()
        .exits(1)
        .says(OF_STARTS_AT_ONE);
    // What was unpacked has the headers alone.
    let unpacked = course::files_below(course.target());
    let of_the_bad: Vec<String> = unpacked
        .into_iter()
        .filter(|(path, _)| path.starts_with(course.target().join("wt/unpacked")))
        .filter(|(path, _)| path.ends_with("bad/starts_at_one.rs"))
        .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
        .collect();
    assert!(!of_the_bad.is_empty(), "nothing was unpacked");
    for text in of_the_bad {
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(
            !text.contains("pub fn") && !text.contains("The mistake"),
            "{text}"
        );
    }
}

#[test]
fn verify_wants_a_hint_and_blesses_what_a_learner_would_read() {
    let course = Course::apart();
    for bad in [
        "leaves_a_thread",
        "skips_the_rest",
        "unwraps_nothing",
        "waits_for_nobody",
    ] {
        course.remove(&format!("{BAD}/{bad}.rs"));
    }
    add_mistake(&course, "counts_from_one", "you count from 1. Why?");
    course.remove(&format!("{BAD}/verdicts/counts_from_one.txt"));
    course.run("verify 01 --bless");
    // The two look the same, so nobody would see the hint of either.
    for bad in ["counts_from_one", "starts_at_one"] {
        let text = course.read(&format!("{BAD}/verdicts/{bad}.txt"));
        assert!(text.contains(GENERAL), "{text}");
    }
    let ran = course.run("verify 01");
    ran.says("holds   01 bad/counts_from_one")
        .says("holds   01 bad/starts_at_one");

    course.edit(
        &format!("{BAD}/counts_from_one.rs"),
        "//! Hint: you count from 1. Why?\n",
        "",
    );
    course
        .run("verify 01")
        .exits(1)
        .says("BROKEN  01 bad/counts_from_one")
        .says("its header has no line like `//! Hint: ");
}
