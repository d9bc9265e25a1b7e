//! Code that does not compile: rustc's own words, and a plain sentence beside
//! them.

mod course;

use std::fs;
use std::path::Path;

use course::{Course, RIGHT_ADDER, adder_that};

/// Code with the error `code` gets rustc's rendering and a sentence with `words`.
#[track_caller]
fn explained(code: &str, words: &str, source: &str) {
    let course = Course::new();
    course.solve(source);
    course
        .run("check 01")
        .exits(1)
        .says(&format!("error[{code}]: "))
        .says("--> exercises/01-adder/src/lib.rs:")
        .says("01 adder: not yet (it does not compile)")
        .says(&format!("what   did not compile: {code}"))
        .says("why    ")
        .says(words)
        .says("next   mend the first error");
}

#[test]
fn a_value_that_is_not_send_is_explained() {
    explained(
        "E0277",
        "must be `Send`",
        "pub fn total() { let own = std::rc::Rc::new(1); std::thread::spawn(move || own); }",
    );
}

#[test]
fn a_value_that_is_not_sync_is_explained() {
    explained(
        "E0277",
        "must be `Sync`",
        "pub fn total() {
             let cell = std::cell::Cell::new(1);
             std::thread::scope(|scope| { scope.spawn(|| cell.get()); });
         }",
    );
}

#[test]
fn a_thread_that_borrows_is_explained() {
    explained(
        "E0373",
        "Write `move`",
        "pub fn total() { let numbers = vec![1]; std::thread::spawn(|| numbers.len()); }",
    );
}

#[test]
fn a_value_that_has_moved_away_is_explained() {
    explained(
        "E0382",
        "has moved away",
        "pub fn total() {
             let numbers = vec![1];
             std::thread::spawn(move || numbers.len());
             println!(\"{}\", numbers.len());
         }",
    );
}

#[test]
fn two_mutable_borrows_are_explained() {
    explained(
        "E0499",
        "`split_at_mut`",
        "pub fn total(n: &mut [u8]) { let (a, b) = (&mut *n, &mut *n); a.swap_with_slice(b); }",
    );
}

#[test]
fn a_borrow_during_a_mutable_borrow_is_explained() {
    explained(
        "E0502",
        "`split_at_mut`",
        "pub fn total(n: &mut Vec<u8>) { let first = &n[0]; n.push(1); println!(\"{first}\"); }",
    );
}

#[test]
fn a_value_that_does_not_live_long_enough_is_explained() {
    explained(
        "E0597",
        "is gone before the thread",
        "pub fn total() {
             let lent;
             { let numbers = vec![1]; lent = &numbers; }
             println!(\"{lent:?}\");
         }",
    );
}

#[test]
fn a_temporary_that_is_dropped_too_soon_is_explained() {
    explained(
        "E0716",
        "Give it a name with `let`",
        "pub fn total() { let lent = String::from(\"a\").as_str(); println!(\"{lent}\"); }",
    );
}

#[test]
fn a_borrowed_argument_that_escapes_is_explained() {
    explained(
        "E0521",
        "`thread::scope`",
        "pub fn total(numbers: &[u8]) { std::thread::spawn(move || numbers.len()); }",
    );
}

#[test]
fn a_syntax_error_is_shown_as_rustc_shows_it() {
    let course = Course::new();
    course.solve("pub fn total( {\n");
    course
        .run("check 01")
        .exits(1)
        .says("--> exercises/01-adder/src/lib.rs:1")
        .says("what   did not compile: a syntax error");
}

#[test]
fn a_changed_signature_is_told_without_the_hidden_source() {
    let course = Course::new();
    course.solve("pub fn total(numbers: &[u64]) -> u64 { numbers.iter().sum() }");
    course
        .run("check 01")
        .exits(1)
        .says("the checks cannot use your library")
        .says("what   did not compile: error[E0061]")
        .says("exercises/01-adder/README.md")
        .says("does every public item still have the signature of the brief?")
        .keeps_quiet_about("checks.rs");
}

#[test]
fn a_missing_item_is_told_by_name() {
    let course = Course::new();
    course.solve("pub fn sum() {}");
    course
        .run("check 01")
        .exits(1)
        .says("the checks cannot use your library")
        .says("total")
        .keeps_quiet_about("checks.rs");
}

/// A type that says it equals everything would pass an `assert_eq!` on it.
#[test]
fn a_type_that_equals_everything_does_not_pass() {
    let course = Course::new();
    course.solve(
        "#[derive(Debug)] pub struct Liar;
         impl<T> PartialEq<T> for Liar { fn eq(&self, _: &T) -> bool { true } }
         pub fn total(_: Vec<u64>, _: usize) -> Liar { Liar }",
    );
    course
        .run("check 01")
        .exits(1)
        .says("error[E0308]")
        .keeps_quiet_about("pass ");
}

#[test]
fn a_macro_of_the_same_name_does_not_disarm_the_checks() {
    let course = Course::new();
    let macros = [
        "assert",
        "assert_eq",
        "check",
        "observed",
        "observe",
        "panic",
    ]
    .map(|name| format!("#[macro_export] macro_rules! {name} {{ ($($any:tt)*) => {{ () }} }}\n"));
    course.solve(adder_that("return 1;") + &macros.concat());
    course
        .run("check 01")
        .exits(1)
        .says("wrong         no numbers sum to 0");
}

#[test]
fn unsafe_code_is_not_compiled_whatever_it_allows() {
    let course = Course::new();
    for source in [
        "#![allow(unsafe_code)] pub fn total() { unsafe {} }",
        "#[unsafe(no_mangle)] pub extern \"C\" fn main() {}",
        "unsafe extern \"C\" { fn _exit(code: i32) -> !; }",
    ] {
        course.solve(source);
        course
            .run("check 01")
            .exits(1)
            .says("it does not compile")
            .says("not allowed: `unsafe`");
    }
}

#[test]
fn a_warning_is_shown_with_a_pass() {
    let course = Course::new();
    course.solve(format!("{RIGHT_ADDER}fn never() {{}}\n"));
    course
        .run("check 01")
        .exits(0)
        .says("warning: function `never` is never used")
        .says("done (3 of 3");
}

#[test]
fn what_must_not_compile_and_does_not_is_a_pass() {
    let course = Course::new();
    course.write(
        "exercises/03-single-ticket/src/lib.rs",
        course.read("solutions/03-single-ticket/src/lib.rs"),
    );
    course
        .run("check 03")
        .exits(0)
        .says("pass          a ticket cannot be used twice");
}

#[test]
fn what_must_not_compile_and_does_is_wrong() {
    let course = Course::new();
    let ticket = course.read("solutions/03-single-ticket/src/lib.rs");
    let copied = ticket.replace("pub struct", "#[derive(Clone, Copy)]\npub struct");
    course.write("exercises/03-single-ticket/src/lib.rs", copied);
    course
        .run("check 03")
        .exits(1)
        .says("wrong         a ticket cannot be used twice")
        .says("a program that must not compile does compile; rustc should say E0382");
}

#[test]
fn another_error_than_the_expected_one_is_wrong() {
    let course = Course::new();
    let ticket = course.read("solutions/03-single-ticket/src/lib.rs");
    course.write("exercises/03-single-ticket/src/lib.rs", ticket);
    let program = "solutions/03-single-ticket/hidden/compile_fail/a_ticket_is_used_once.rs";
    course.edit(program, "Ticket(7)", "Ticket(7, 8)");
    course
        .run("check 03")
        .exits(1)
        .says("wrong         a ticket cannot be used twice")
        .says("a program that must fail with E0382 alone fails with E0061");
}

#[test]
fn escape_sequences_in_a_compile_error_are_harmless() {
    let course = Course::new();
    course
        .solve("const _: () = panic!(\"\\u{1b}[2J\\u{202e}\");\ncompile_error!(\"\\u{1b}[2J\");\n");
    course
        .run("check 01")
        .exits(1)
        .says("did not compile")
        .keeps_quiet_about("\u{1b}")
        .keeps_quiet_about("\u{202e}");
}

/// rustc gets a cleared environment, so `env!` has nothing to tell.
#[test]
fn the_environment_is_not_there_at_compile_time() {
    let course = Course::new();
    course.solve(adder_that(
        "const _: () = panic!(\"{}\", env!(\"MY_TOKEN\"));",
    ));
    let ran = course
        .program("check 01")
        .env("MY_TOKEN", "t0psecret")
        .run();
    ran.exits(1)
        .says("`MY_TOKEN` not defined")
        .keeps_quiet_about("t0psecret");
}

/// What rustc kept of the last check is only of use, never of consequence.
#[test]
fn a_damaged_cache_of_the_compiler_changes_no_verdict() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    course.run("check 01").exits(0);
    let damaged = overwrite_files_in(&course.target().join("wt/incremental"));
    assert!(damaged > 0, "nothing was kept");
    course.run("check 01").exits(0);

    overwrite_files_in(&course.target().join("wt/incremental"));
    course.solve(adder_that("return 7;"));
    course
        .run("check 01")
        .exits(1)
        .says("nothing_sums_to_zero: ");
}

fn overwrite_files_in(folder: &Path) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += overwrite_files_in(&path);
        } else {
            fs::write(&path, "this is not what rustc wrote").unwrap();
            count += 1;
        }
    }
    count
}
