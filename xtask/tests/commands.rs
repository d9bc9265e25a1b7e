//! The command line: what may be typed, what is answered, and the exit codes.

mod course;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use course::{ADDER, Course, RIGHT_ADDER, adder_that};

/// A course in which every lesson is solved.
fn solved() -> Course {
    let course = Course::new();
    for lesson in ["01-adder", "02-adding-aloud", "03-single-ticket"] {
        let solution = course.read(&format!("solutions/{lesson}/src/lib.rs"));
        course.write(&format!("exercises/{lesson}/src/lib.rs"), solution);
    }
    course
}

#[test]
fn without_a_command_it_says_where_to_begin() {
    let course = Course::new();
    let ran = course.run("");
    ran.exits(0)
        .says("A small course: 0 of 3 lessons done, 30 minutes to go")
        .says("  1 Sums                         [--------------------] 0 of 2\n")
        .says("next   01 adder (5 minutes): Add numbers with workers\n")
        .says("edit   exercises/01-adder/src/lib.rs\n")
        .says("type   cargo xtask check 01\n");
}

#[test]
fn list_shows_every_lesson_under_its_part_and_the_sums() {
    let course = Course::new();
    let ran = course.run("list");
    ran.exits(0);
    let expected = "\
A small course

Part 1 · Sums
         01 adder                 5 min  Add numbers with workers
         02 adding-aloud         10 min  Say what you add

Part 2 · Tickets
         03 single-ticket        15 min  A ticket that is used once (stretch)

core: 2 lessons, 15 minutes, 0 done
stretch: 1 lesson, 15 minutes, 0 done
";
    assert_eq!(ran.stdout, expected, "{}", ran.text());
}

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    let course = Course::new();
    for words in ["help", "--help", "-h"] {
        let ran = course.run(words);
        ran.exits(0).says("EXIT CODES").says("130");
        for command in ["check", "list", "hint", "reset", "verify"] {
            ran.says(&format!("    {command}"));
            course
                .run(&format!("help {command}"))
                .exits(0)
                .says(&format!("cargo xtask {command}"));
            course
                .run(&format!("{command} --help"))
                .exits(0)
                .says(&format!("cargo xtask {command}"));
        }
    }
    course
        .run("help chekc")
        .exits(2)
        .says("there is no command `chekc`");
}

#[test]
fn the_version_is_that_of_the_package() {
    Course::new()
        .run("--version")
        .exits(0)
        .says(concat!("cargo xtask ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_command_gets_the_nearest_one() {
    let course = Course::new();
    course
        .run("chekc 01")
        .exits(2)
        .says("there is no command `chekc`; did you mean `check`?");
    course
        .run("frobnicate")
        .exits(2)
        .says("there is no command `frobnicate`")
        .says("cargo xtask help");
}

#[test]
fn what_a_command_cannot_use_is_a_wrong_usage() {
    let course = Course::new();
    for words in [
        "list --bless",
        "check 01 02",
        "check 01 --all",
        "hint",
        "reset",
        "hint 01 --level one",
        "--frobnicate",
        "check --color",
        "check --color sometimes",
        "reset 01 --all",
        "list --track easy",
        "list --part one",
        "verify --jobs",
    ] {
        let ran = course.run(words);
        ran.exits(2).says("error: ").says("cargo xtask help");
        assert_eq!(ran.stdout, "", "{}", ran.text());
    }
}

#[test]
fn a_lesson_has_many_names() {
    let course = Course::new();
    let names = [
        "01",
        "1",
        "001",
        "adder",
        "Adder",
        "01-adder",
        "ex01-adder",
        "adde",
        "exercises/01-adder",
        "exercises/01-adder/",
    ];
    for name in names {
        course
            .run(&format!("hint {name} --level 1"))
            .exits(0)
            .says("01 adder: hint 1 of 3");
    }
    course
        .run("hint single_ticket")
        .exits(3)
        .says("03-single-ticket/HINTS.md");
}

#[test]
fn an_unknown_lesson_gets_the_nearest_one() {
    let course = Course::new();
    let ran = course.run("check singel-tikcet");
    ran.exits(2)
        .says("there is no lesson `singel-tikcet`; the nearest is `03-single-ticket`");
    for name in ["04", "99999999999999999999", "frobnicate"] {
        let ran = course.run(&format!("check {name}"));
        ran.exits(2)
            .says(&format!("there is no lesson `{name}`"))
            .says("cargo xtask list");
    }
}

/// `2` is not a part of `12-…`.
#[test]
fn a_number_is_the_number_of_a_lesson_or_nothing() {
    let course = Course::new();
    for name in ["0", "4", "00"] {
        course
            .run(&format!("check {name}"))
            .exits(2)
            .says(&format!("there is no lesson `{name}`"));
    }
    fs::rename(
        course.path("exercises/02-adding-aloud"),
        course.path("exercises/12-adding-aloud"),
    )
    .unwrap();
    course.run("hint 2").exits(2).says("there is no lesson `2`");
}

#[test]
fn a_name_that_means_two_lessons_names_both() {
    let course = Course::new();
    for command in ["check add", "hint add", "reset add", "verify add"] {
        let ran = course.run(command);
        ran.exits(2)
            .says("`add` means 2 lessons: 01-adder, 02-adding-aloud");
    }
}

#[test]
fn an_empty_name_is_no_lesson() {
    let course = Course::new();
    course
        .program("check")
        .arg("")
        .run()
        .exits(2)
        .says("there is no lesson ``");
}

#[test]
fn a_name_that_is_not_utf_8_is_no_lesson() {
    use std::os::unix::ffi::OsStrExt;

    let course = Course::new();
    course
        .program("check")
        .arg(std::ffi::OsStr::from_bytes(b"\xff"))
        .run()
        .exits(2)
        .says("there is no lesson");
}

#[test]
fn check_alone_goes_on_to_the_first_lesson_that_does_not_pass() {
    let course = solved();
    let ran = course.run("check --force");
    ran.exits(0)
        .says("01 adder: done")
        .says("02 adding-aloud: done")
        .says("03 single-ticket: done");
    ran.says("you have done every lesson");

    course.solve(adder_that("return 1;"));
    course
        .run("check")
        .exits(1)
        .says("01 adder: not yet")
        .keeps_quiet_about("02 adding-aloud: ");
    course
        .run("check --all --verbose --force")
        .exits(1)
        .says(
            "not yet  01 adder               2 of 3 properties hold; nothing_sums_to_zero: wrong: ",
        )
        .says("done     03 single-ticket       2 of 2 properties hold\n")
        .says("2 of 3 lessons are done")
        .says("01 adder: not yet (2 of 3 properties hold)");
}

#[test]
fn the_starter_fails_with_its_own_words() {
    let course = Course::new();
    course
        .run("check 01")
        .exits(1)
        .says("panicked      the sum is right")
        .says("not yet implemented: add 100 numbers")
        .says("next   write that line; what it must do is in exercises/01-adder/README.md");
}

#[test]
fn outside_of_a_course_the_marker_is_named() {
    let course = Course::new();
    let outside = course.root().parent().unwrap();
    course
        .program("check 01")
        .inside(outside)
        .run()
        .exits(2)
        .says("not inside the course")
        .says("course.toml");
}

#[test]
fn a_sub_folder_will_do() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    for folder in ["exercises/01-adder/src", "solutions", "book/src"] {
        course
            .program("check 01")
            .inside(course.path(folder))
            .run()
            .exits(0)
            .says("01 adder: done");
    }
}

#[test]
fn spaces_and_unicode_in_the_path_do_no_harm() {
    let course = Course::called("cörse of threads — ★ 課程 = 'x' \"y\"");
    course.solve(RIGHT_ADDER);
    course.run("check 01").exits(0).says("01 adder: done");
    course.solve(adder_that("return 1;"));
    course
        .run("check 01")
        .exits(1)
        .says("where  exercises/01-adder/src/lib.rs:4, `total`");
    course.solve(adder_that(
        "let (_tx, rx) = std::sync::mpsc::channel(); return rx.recv().unwrap();",
    ));
    course
        .run("check 01")
        .exits(1)
        .says("waits for a message to receive, exercises/01-adder/src/lib.rs:6");
    course.run("check 02").exits(1).says("panicked");
}

#[test]
fn a_link_to_the_course_will_do() {
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let link = course.root().with_file_name("link");
    symlink(course.root(), &link).unwrap();
    course.program("check 01").inside(&link).run().exits(0);
}

#[test]
fn a_mistake_in_the_course_is_told_with_file_and_field() {
    let course = Course::new();
    course.edit(
        "exercises/01-adder/lesson.toml",
        "minutes = 5",
        "minutes = \"five\"",
    );
    let ran = course.run("check 01");
    ran.exits(3)
        .says("your code is not to blame")
        .says("01-adder/lesson.toml")
        .says("`minutes`");

    course.write("exercises/01-adder/lesson.toml", "id = \n");
    course
        .run("list")
        .exits(3)
        .says("01-adder/lesson.toml")
        .says("line 1");

    course.write("course.toml", "parts = []\n");
    course
        .run("list")
        .exits(3)
        .says("course.toml")
        .says("`title`");
}

#[test]
fn without_cargo_it_says_how_to_get_it() {
    let course = Course::new();
    let target = course.root().with_file_name("target");
    let program = course
        .program("check 01")
        .without_env("CARGO")
        .env("PATH", "/nowhere");
    let ran = program.env("CARGO_TARGET_DIR", target).run();
    ran.exits(3)
        .says("cannot start `cargo`")
        .says("install Rust with rustup");
}

#[test]
fn a_pipe_that_nobody_reads_is_no_crash() {
    let course = Course::new();
    for (source, code) in [
        (RIGHT_ADDER, 0),
        ("pub fn total( {", 1),
        (&adder_that("return 1;"), 1),
    ] {
        course.solve(source);
        course
            .program("check 01")
            .with_closed_stdout()
            .run()
            .exits(code)
            .keeps_quiet_about("panicked at");
    }
    course
        .program("list")
        .with_closed_stdout()
        .run()
        .exits(0)
        .keeps_quiet_about("panicked at");
    course
        .program("help")
        .with_closed_stdout()
        .run()
        .exits(0)
        .keeps_quiet_about("panicked at");
}

#[test]
fn a_pipe_gets_no_colour_unless_it_is_asked_for() {
    let course = Course::new();
    course.solve(adder_that("return 1;"));
    course.run("check 01").exits(1).keeps_quiet_about("\u{1b}");
    course
        .run("check 01 --color never")
        .exits(1)
        .keeps_quiet_about("\u{1b}");
    course
        .run("check 01 --color always")
        .exits(1)
        .says("\u{1b}[31mwrong")
        .says("\u{1b}[0m");
    course
        .program("check 01 --color=always")
        .env("NO_COLOR", "1")
        .run()
        .exits(1)
        .says("\u{1b}[31m");
}

#[test]
fn rustcs_words_are_coloured_as_ours_are() {
    let course = Course::new();
    course.solve("pub fn total( {");
    course.run("check 01").exits(1).keeps_quiet_about("\u{1b}");
    course
        .run("check 01 --color always")
        .exits(1)
        .says("\u{1b}[")
        .says("a syntax error");
}

/// `script` gives the program a terminal.
#[test]
fn a_terminal_gets_colour_unless_no_color_is_set() {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: `script` is not installed");
        return;
    }
    let course = Course::new();
    course.solve(adder_that("return 1;"));
    let on_terminal = || {
        let typed = "exec script -qefc \"'$0' $*\" /dev/null";
        course.program("check 01").through(["sh", "-c", typed])
    };
    on_terminal()
        .env("TERM", "xterm")
        .run()
        .exits(1)
        .says("\u{1b}[31mwrong");
    on_terminal()
        .env("TERM", "xterm")
        .env("NO_COLOR", "")
        .run()
        .exits(1)
        .says("\u{1b}[31mwrong");
    on_terminal()
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .run()
        .exits(1)
        .keeps_quiet_about("\u{1b}[31m");
    on_terminal()
        .env("TERM", "dumb")
        .run()
        .exits(1)
        .keeps_quiet_about("\u{1b}[31m");
}

#[test]
fn all_lessons_have_a_progress_bar_in_a_terminal_and_none_in_a_pipe() {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: `script` is not installed");
        return;
    }
    let course = Course::new();
    course.solve(RIGHT_ADDER);
    let typed = "exec script -qefc \"'$0' $*\" /dev/null";
    let program = course.program("check --all").through(["sh", "-c", typed]);
    let ran = program.env("TERM", "xterm").run();
    ran.exits(1)
        .says("[------------------------] 0 of 3")
        .says("[########----------------] 1 of 3")
        .says("1 of 3 lessons are done");
    // The bar is gone before the answer comes.
    let (_, after) = ran.stdout.rsplit_once("of 3  ").expect("a last bar");
    assert!(after.contains("\r\u{1b}[K"), "{after:?}");
    course
        .run("check --all --force")
        .exits(1)
        .keeps_quiet_about("[--");
}

#[test]
fn a_narrow_terminal_gets_short_lines_and_places_are_links_where_it_knows_them() {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: `script` is not installed");
        return;
    }
    let course = Course::new();
    course.solve(adder_that("return 1;"));
    let on_terminal = |columns: u32| {
        let typed = format!("exec script -qefc \"stty cols {columns}; '$0' $*\" /dev/null");
        let program = course.program("check 01").through(["sh", "-c", &typed]);
        program.env("TERM", "xterm").env("NO_COLOR", "1")
    };
    let ran = on_terminal(50).env("FORCE_HYPERLINK", "0").run();
    ran.exits(1).keeps_quiet_about("\u{1b}]8");
    let answer = ran.stdout.split("01 adder: not yet").last().unwrap();
    let widest = answer
        .lines()
        .map(|line| line.trim_end().chars().count())
        .max();
    assert!(widest <= Some(50), "{}", ran.text());
    ran.says("\n       ");

    let ran = on_terminal(200).env("FORCE_HYPERLINK", "1").run();
    ran.exits(1).says(&format!(
        "\u{1b}]8;;file://{}/exercises/01-adder/src/lib.rs\u{1b}\\exercises/01-adder/src/lib.rs:",
        course.root().display()
    ));
}

#[test]
fn no_line_is_broken_by_a_terminal_of_80_columns() {
    if Command::new("script").arg("--version").output().is_err() {
        eprintln!("skipped: `script` is not installed");
        return;
    }
    let course = Course::new();
    course.write(
        "exercises/01-adder/HINTS.md",
        "## 1\n\nA line of a hint that is a good deal longer than any terminal of the usual \
         width is wide,\nand [a link](https://doc.rust-lang.org/std/thread/fn.scope.html) in it.\n\
         \n## 2\n\nb\n\n## 3\n\nc\n",
    );
    let on_terminal = |words: &str, hyperlink: &str| {
        let typed = "exec script -qefc \"stty cols 80; '$0' $*\" /dev/null";
        let program = course.program(words).through(["sh", "-c", typed]);
        let program = program.env("TERM", "xterm").env("NO_COLOR", "1");
        program.env("FORCE_HYPERLINK", hyperlink).run()
    };
    for words in [
        "",
        "help",
        "help check",
        "help bench",
        "list",
        "doctor",
        "hint 01",
        "check 01",
    ] {
        let ran = on_terminal(words, "0");
        for line in ran.stdout.lines() {
            let width = line.trim_end().chars().count();
            assert!(width <= 80, "{words}: {width}: {line}");
        }
    }
    on_terminal("hint 01 --level 1", "0")
        .says("a link [1] in it.")
        .says("\n[1] https://doc.rust-lang.org/std/thread/fn.scope.html");
    on_terminal("hint 01 --level 1", "1")
        .says("\u{1b}]8;;https://doc.rust-lang.org/std/thread/fn.scope.html\u{1b}\\a link");
    // A pipe gets the text as it was written.
    course
        .run("hint 01 --level 1")
        .says("and [a link](https://doc.rust-lang.org/std/thread/fn.scope.html) in it.");
}

#[test]
fn hints_come_one_after_the_other() {
    let course = Course::new();
    let ran = course.run("hint 01");
    ran.exits(0)
        .says("hint 1 of 3")
        .says("Who adds which part?")
        .keeps_quiet_about("scope")
        .says("more   cargo xtask hint 01\n");
    let ran = course.run("hint 01");
    ran.exits(0)
        .says("Who adds which part?")
        .says("std::thread::scope")
        .keeps_quiet_about("One thread per part");
    for _ in 0..2 {
        let ran = course.run("hint 01");
        ran.exits(0)
            .says("One thread per part")
            .keeps_quiet_about("more   ");
    }
    course
        .run("hint 01 --level 1")
        .exits(0)
        .keeps_quiet_about("scope");
    course.run("hint 01").exits(0).says("One thread per part");
}

#[test]
fn an_example_is_built_and_run_from_wherever_one_is() {
    let course = Course::new();
    course.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"examples/*\"]\n",
    );
    let manifest = course.read("examples/01-adder/Cargo.toml");
    course.write(
        "examples/01-adder/Cargo.toml",
        format!("{manifest}version = \"0.0.0\"\nedition = \"2024\"\n"),
    );
    let inside = course.path("exercises/01-adder");
    let ran = course.program("example 01").inside(inside).run();
    ran.exits(0);
    assert_eq!(ran.stdout, "10\n", "{}", ran.text());

    // An example that fails is told by its exit code, in its own words.
    course.edit("examples/01-adder/src/main.rs", "println!", "panic!");
    course.run("example adder").exits(1).says("panicked at");
    course.edit("examples/01-adder/src/main.rs", "fn add()", "fn add(");
    course.run("example 01").exits(1).says("error");
    course.run("example 07").exits(2);
}

#[test]
fn a_hint_that_does_not_exist_is_a_wrong_usage() {
    let course = Course::new();
    for level in ["0", "4", "-1", "99999999999999999999"] {
        course
            .run(&format!("hint 01 --level {level}"))
            .exits(2)
            .says("error: ");
    }
    course
        .run("hint 01 --level 4")
        .says("there are hints 1 to 3, not 4");
}

/// The folder that `reset` says it put the learner's work into.
fn backup_of(course: &Course, words: &str) -> std::path::PathBuf {
    let ran = course.run(words);
    ran.exits(0)
        .says("01 adder: the starter is back in `exercises/01-adder/src/lib.rs`");
    let told = ran
        .stdout
        .split("your work is in `")
        .nth(1)
        .and_then(|rest| rest.split('`').next());
    course.path(told.unwrap_or_else(|| panic!("{}", ran.text())))
}

fn is_the_starter(course: &Course) -> bool {
    course.read(ADDER) == course.read("solutions/01-adder/starter/lib.rs")
}

#[test]
fn reset_keeps_every_byte_of_the_learners_work() {
    let course = Course::new();
    let works: [&[u8]; 4] = [
        b"fn a() {}\r\n",
        b"\xff\xfe\0 not text \xc3",
        b"",
        &[b'x'; 300_000],
    ];
    for work in works {
        course.solve(work);
        course.write("exercises/01-adder/src/deep/more.rs", "mod more {}");
        let backup = backup_of(&course, "reset 01");
        assert_eq!(fs::read(backup.join("lib.rs")).unwrap(), work);
        assert_eq!(
            fs::read(backup.join("deep/more.rs")).unwrap(),
            b"mod more {}"
        );
        assert!(is_the_starter(&course));
    }
}

#[test]
fn every_reset_has_a_backup_of_its_own() {
    let course = Course::new();
    let backups = ["one", "two", "three"].map(|work| {
        course.solve(work);
        (backup_of(&course, "reset adder"), work)
    });
    for (backup, work) in backups {
        assert_eq!(fs::read_to_string(backup.join("lib.rs")).unwrap(), work);
    }
}

#[test]
fn reset_of_the_starter_changes_nothing() {
    let course = Course::new();
    let before = course.files();
    course
        .run("reset 01")
        .exits(0)
        .says("is the starter already");
    assert!(course.files() == before, "a file has changed");
}

#[test]
fn reset_brings_a_missing_file_back() {
    let course = Course::new();
    course.remove("exercises/01-adder/src");
    course
        .run("reset 01")
        .exits(0)
        .says("the starter is back")
        .keeps_quiet_about("your work is in");
    assert!(is_the_starter(&course));
}

#[test]
fn reset_replaces_a_link_and_not_what_it_leads_to() {
    let course = Course::new();
    let elsewhere = course.root().with_file_name("elsewhere.rs");
    fs::write(&elsewhere, "my work").unwrap();
    course.remove(ADDER);
    symlink(&elsewhere, course.path(ADDER)).unwrap();
    course.run("reset 01").exits(0);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "my work");
    assert!(is_the_starter(&course));
    assert!(course.path(ADDER).symlink_metadata().unwrap().is_file());
}

#[test]
fn reset_of_a_fifo_does_not_wait_for_a_writer() {
    let course = Course::new();
    course.remove(ADDER);
    assert!(
        Command::new("mkfifo")
            .arg(course.path(ADDER))
            .status()
            .unwrap()
            .success()
    );
    course.run("reset 01").exits(0).says("the starter is back");
    assert!(is_the_starter(&course));
}

#[test]
fn reset_without_a_starter_leaves_the_work_alone() {
    let course = Course::new();
    course.solve("my work");
    course.remove("solutions/01-adder/starter/lib.rs");
    course.run("reset 01").exits(3).says("starter/lib.rs");
    assert_eq!(course.read(ADDER), "my work");
    assert!(!Path::new(&course.path("exercises/01-adder/backup")).exists());
}
