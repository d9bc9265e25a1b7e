//! `coverage`: every objective with its lessons, and every hole.

mod course;

use course::Course;

#[test]
fn an_objective_without_a_hole_has_a_lesson_a_chapter_an_example_and_a_check() {
    let course = Course::new();
    let ran = course.run("coverage");
    for line in [
        "adding                      01 adder                    yes      yes",
        "                            02 adding-aloud",
        "owning                      03 single-ticket",
        "core: 2 lessons, 15 minutes of exercises\nstretch: 1 lessons, 15 minutes of exercises",
    ] {
        ran.says(line);
    }
}

#[test]
fn an_objective_without_a_lesson_is_a_hole() {
    let course = Course::new();
    course.edit("course.toml", "\"owning\"", "\"owning\", \"lending\"");
    let ran = course.run("coverage");
    ran.exits(1).says("lending\n  hole: no lesson is for it");
}

#[test]
fn a_lesson_without_a_chapter_or_an_example_is_a_hole() {
    let course = Course::new();
    for file in ["book/src/01-adder.md", "examples/01-adder/src/main.rs"] {
        if course.path(file).exists() {
            course.remove(file);
        }
    }
    let ran = course.run("coverage");
    ran.exits(1)
        .says("hole: 01 adder has no chapter")
        .says("hole: 01 adder has no example");
}

#[test]
fn an_objective_that_no_check_is_for_is_a_hole_and_verify_says_what_to_write() {
    let course = Course::new();
    course.edit(
        "exercises/01-adder/lesson.toml",
        "[\"adding\"]",
        "[\"adding\", \"owning\"]",
    );
    course
        .run("coverage")
        .exits(1)
        .says("hole: 01 adder has no check for it");
    course
        .run("verify 01")
        .exits(1)
        .says("no check is for the objective `owning`; write `objective = \"owning\"` in one");
}

#[test]
fn a_check_is_for_the_objective_that_it_names() {
    let course = Course::new();
    course.edit(
        "exercises/01-adder/lesson.toml",
        "mode = \"run\"",
        "mode = \"run\"\nobjective = \"flying\"",
    );
    course
        .run("verify 01")
        .exits(1)
        .says("is for `flying`, which is no objective of the lesson");
}
