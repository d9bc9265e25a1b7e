//! `cargo xtask export`: the learner edition, and that it judges as the course does.

mod course;

use std::fs;
use std::path::PathBuf;

use course::{ADDER, Course, Program, RIGHT_ADDER, adder_that, mounted_apart};

const LESSONS: [&str; 3] = ["01-adder", "02-adding-aloud", "03-single-ticket"];

/// The course with its learner edition beside it.
struct Edition {
    course: Course,
    root: PathBuf,
}

impl Edition {
    fn new() -> Self {
        Self::of(Course::new())
    }

    fn of(course: Course) -> Self {
        let root = course.root().with_file_name("edition");
        course
            .program("export ../edition")
            .run()
            .exits(0)
            .says("lessons  3")
            .says("not encrypted");
        Self { course, root }
    }

    fn program(&self, words: &str) -> Program {
        self.course.program(words).inside(&self.root)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root.join(file)).unwrap()
    }

    fn solve(&self, source: &str) {
        fs::write(self.root.join(ADDER), source).unwrap();
    }

    /// The path of every file, from the edition's root.
    fn files(&self) -> Vec<String> {
        let files = course::files_below(&self.root);
        let relative = files
            .iter()
            .map(|(path, _)| path.strip_prefix(&self.root).unwrap());
        relative.map(|path| path.display().to_string()).collect()
    }
}

#[test]
fn an_edition_has_starters_and_packs_and_no_solution() {
    let course = Course::new();
    course.solve("//! what somebody was trying out\n");
    course.write("exercises/01-adder/backup/1/lib.rs", "//! older");
    course.write(
        "README.md",
        "# Read\n\n## For instructors\n\nverify\n\n## Licence\n\nfree\n",
    );
    course.write(
        "Cargo.toml",
        "members = [\"crates/*\", \"solutions/*\", \"xtask\"]\n",
    );
    let edition = Edition::of(course);
    assert_eq!(
        edition.files(),
        [
            "Cargo.toml",
            "README.md",
            "book/src/01-adder.md",
            "course.toml",
            "examples/01-adder/Cargo.toml",
            "examples/01-adder/src/main.rs",
            "exercises/01-adder/Cargo.toml",
            "exercises/01-adder/HINTS.md",
            "exercises/01-adder/README.md",
            "exercises/01-adder/lesson.toml",
            "exercises/01-adder/src/lib.rs",
            "exercises/01-adder/tests/visible.rs",
            "exercises/02-adding-aloud/lesson.toml",
            "exercises/02-adding-aloud/src/lib.rs",
            "exercises/03-single-ticket/lesson.toml",
            "exercises/03-single-ticket/src/lib.rs",
            "hidden/01-adder.pack",
            "hidden/02-adding-aloud.pack",
            "hidden/03-single-ticket.pack",
        ]
    );
    let starter = edition.course.read("solutions/01-adder/starter/lib.rs");
    assert_eq!(edition.read(ADDER), starter);
    assert_eq!(edition.read("README.md"), "# Read\n\n## Licence\n\nfree\n");
    assert_eq!(
        edition.read("Cargo.toml"),
        "members = [\"crates/*\", \"xtask\"]\n"
    );
    let pack = edition.read("hidden/01-adder.pack");
    assert!(pack.contains("this is no encryption"), "{pack}");
    for secret in ["nothing_sums_to_zero", "fn main", "thread::scope"] {
        assert!(!pack.contains(secret), "{pack}");
    }
}

#[test]
fn verdicts_are_those_of_the_course_word_for_word() {
    let edition = Edition::new();
    let sources = [
        ("right", RIGHT_ADDER.to_owned()),
        ("wrong", adder_that("return 1;")),
        ("panics", adder_that("panic!(\"nothing to add\");")),
        ("sleeps", adder_that("loop { std::thread::park() }")),
        ("spins", adder_that("loop { std::hint::spin_loop() }")),
        ("ends early", adder_that("std::process::exit(0);")),
        ("does not compile", adder_that("let n: u64 = \"\";")),
        ("does not fit", "pub fn sum() {}\n".to_owned()),
        ("not accepted", String::new()),
    ];
    for (what, source) in &sources {
        edition.course.solve(source);
        edition.solve(source);
        // Only the full course has a solution to show.
        let pointer = "read   how we did it, and why: cargo xtask solution 01\n";
        // A watchdog that a busy machine lets wait too long tells less of a loop,
        // in the course as in the edition.
        let tries = if *what == "spins" { 3 } else { 1 };
        for left in (0..tries).rev() {
            let here = edition.course.run("check 01 --verbose");
            let there = edition.program("check 01 --verbose").run();
            let verdict = here.stdout.replace(pointer, "");
            let same =
                (here.code, &verdict, &here.stderr) == (there.code, &there.stdout, &there.stderr);
            if same {
                break;
            }
            assert!(left > 0, "{what}\n{}{}", here.text(), there.text());
        }
    }
}

#[test]
fn every_reference_passes_in_the_edition() {
    let edition = Edition::new();
    for lesson in LESSONS {
        let solution = edition
            .course
            .read(&format!("solutions/{lesson}/src/lib.rs"));
        fs::write(
            edition.root.join(format!("exercises/{lesson}/src/lib.rs")),
            solution,
        )
        .unwrap();
    }
    edition
        .program("check --all")
        .run()
        .exits(0)
        .keeps_quiet_about("not yet");
}

#[test]
fn a_learners_other_commands_work_in_the_edition() {
    let edition = Edition::new();
    let course = &edition.course;
    assert_eq!(
        edition.program("list").run().stdout,
        course.run("list").stdout
    );
    edition.program("").run().exits(0).says("3 lessons");
    edition
        .program("hint 01")
        .run()
        .exits(0)
        .says("Who adds which part?");
    edition.solve("//! mine\n");
    edition
        .program("reset 01")
        .run()
        .exits(0)
        .says("the starter is back in `exercises/01-adder/src/lib.rs`");
    assert_eq!(
        edition.read(ADDER),
        course.read("solutions/01-adder/starter/lib.rs")
    );
    edition.program("doctor").run().exits(0);
}

#[test]
fn what_needs_solutions_says_so() {
    let edition = Edition::new();
    for words in ["verify", "new 04-more", "export ../another"] {
        let name = words.split(' ').next().unwrap();
        edition.program(words).run().exits(2).says(&format!(
            "`{name}` needs the full course; this is the learner edition"
        ));
    }
}

#[test]
fn a_damaged_pack_is_told_with_its_path() {
    let edition = Edition::new();
    let pack = edition.read("hidden/02-adding-aloud.pack");
    fs::write(
        edition.root.join("hidden/02-adding-aloud.pack"),
        &pack[..pack.len() / 2],
    )
    .unwrap();
    edition
        .program("check 01")
        .run()
        .exits(3)
        .says("`hidden/02-adding-aloud.pack` is damaged; take it again");
}

#[test]
fn a_folder_that_cannot_be_the_place_stays_as_it_is() {
    let course = Course::new();
    let beside = course.root().with_file_name("full");
    fs::create_dir(&beside).unwrap();
    fs::write(beside.join("mine"), "mine").unwrap();
    fs::write(course.root().with_file_name("file"), "mine").unwrap();
    let before = course.files();
    for (place, why) in [
        ("../full", "is not empty; name a new folder"),
        ("../file", "is not a folder that can be read"),
        ("edition", "is inside the course"),
        ("../course/exercises/new/one", "is inside the course"),
        (".", "is inside the course"),
    ] {
        course.run(&format!("export {place}")).exits(2).says(why);
    }
    course.run("export").exits(2).says("`export` needs a DIR");
    assert!(course.files() == before);
    assert_eq!(fs::read_dir(&beside).unwrap().count(), 1);
}

#[test]
fn an_empty_folder_that_is_there_is_taken() {
    let course = Course::new();
    fs::create_dir(course.root().with_file_name("edition")).unwrap();
    let edition = Edition::of(course);
    edition.program("list").run().exits(0);
    assert!(!edition.root.join(".unfinished").exists());
}

#[test]
fn a_full_disk_leaves_the_folder_as_it_was() {
    let course = Course::new();
    let tiny = course.root().with_file_name("tiny");
    let shown = tiny.display();
    fs::create_dir(&tiny).unwrap();
    // Room for some of the files, and none for the whole.
    let script = format!(
        "mount -t tmpfs -o size=32k tmpfs {shown}; cd {}",
        course.root().display()
    );
    let Some(full) = mounted_apart(&script) else {
        return;
    };
    // The mount is gone with the program, so it looks at the folder itself.
    let mut words = full.clone();
    let last = words.iter().position(|word| word.contains("exec")).unwrap();
    words[last] = words[last].replace(
        "exec \"$@\"",
        &format!("code=0; \"$@\" || code=$?; echo \"left: $(ls -A {shown} | wc -l)\"; exit $code"),
    );
    for place in ["../tiny", "../tiny/new"] {
        course
            .program(&format!("export {place}"))
            .through(&words)
            .run()
            .exits(3)
            .says("the disk is full: free some space and run it again")
            .says("left: 0");
    }
}

/// A link could lead out of the course, and a pipe would never end.
#[test]
fn links_and_pipes_are_left_out() {
    let course = Course::new();
    let book = course.path("book/src");
    std::os::unix::fs::symlink("/etc/passwd", book.join("link.md")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(book.join("pipe.md"))
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    let edition = Edition::of(course);
    assert_eq!(
        fs::read_dir(edition.root.join("book/src")).unwrap().count(),
        1
    );
}
