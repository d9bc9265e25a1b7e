//! `book`: what it builds with, what it finds, and how long the book is.
//!
//! mdBook itself is not needed: two small programs stand for it.

mod course;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use course::{Course, Program};

/// A course with a table of contents, and a folder with programs that stand for
/// mdBook and its preprocessor. The first writes down how it was called.
fn with_book() -> (Course, PathBuf) {
    let course = Course::new();
    course.write(
        "book/src/SUMMARY.md",
        "# Summary\n\n[Welcome](welcome.md)\n\n- [Adding](01-adder.md)\n",
    );
    course.write("book/src/welcome.md", "# Welcome\n\nOne two three.\n");
    let tools = course.path("tools");
    for tool in ["mdbook", "mdbook-quiz"] {
        let script = format!(
            "#!/bin/sh\necho {tool} \"$@\" >> '{}'/called\n",
            course.root().display()
        );
        course.write(&format!("tools/{tool}"), script);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(tools.join(tool), mode).unwrap();
    }
    (course, tools)
}

fn book(course: &Course, words: &str, tools: &Path) -> Program {
    let path = format!("{}:/usr/bin:/bin", tools.display());
    course.program(words).env("PATH", path)
}

#[test]
fn it_builds_the_book_and_says_how_long_it_is() {
    let (course, tools) = with_book();
    let ran = book(&course, "book --times", &tools).run();
    ran.exits(0)
        .says("    4 words    0 lines of code  Welcome")
        .says("book/book/index.html: 2 pages, 0 minutes to read, no dead link");
    assert!(course.read("called").contains("mdbook build "));
}

#[test]
fn without_mdbook_it_says_what_to_type() {
    let (course, tools) = with_book();
    fs::remove_file(tools.join("mdbook-quiz")).unwrap();
    book(&course, "book", &tools)
        .env("PATH", &tools)
        .run()
        .exits(2)
        .says("`mdbook-quiz` is not installed")
        .says("cargo install --locked mdbook-quiz");
}

#[test]
fn a_link_a_heading_and_a_page_that_are_not_there_are_named() {
    let (course, tools) = with_book();
    course.write(
        "book/src/welcome.md",
        "# Welcome\n\n[a](gone.md) [b](01-adder.md#adding) [c](01-adder.md#taking) [d](#welcome) [e](#farewell)\n",
    );
    course.write("book/src/lost.md", "# Lost\n");
    let ran = book(&course, "book", &tools).run();
    ran.exits(1)
        .says("`book/src/welcome.md` links to `gone.md`, which does not exist")
        .says("`book/src/welcome.md` links to `01-adder.md#taking`")
        .says("`book/src/welcome.md` links to `#farewell`")
        .says("`book/src/SUMMARY.md` does not name the page `lost.md`")
        .says("4 problems")
        .keeps_quiet_about("#adding`")
        .keeps_quiet_about("#welcome`");
    course
        .run("verify")
        .exits(1)
        .says("BROKEN  book")
        .says("`gone.md`");
}

#[test]
fn a_book_that_cannot_be_built_is_told_in_mdbooks_words() {
    let (course, tools) = with_book();
    course.write(
        "tools/mdbook",
        "#!/bin/sh\n[ \"$1\" = --version ] || { echo 'ERROR no such chapter' >&2; exit 101; }\n",
    );
    book(&course, "book", &tools)
        .run()
        .exits(1)
        .says("ERROR no such chapter");
}
