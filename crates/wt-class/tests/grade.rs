//! `grade` on small classes: layouts, rules, what goes wrong, and going on after it.

#![cfg(target_os = "linux")]

mod class;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use class::{Class, RIGHT, WRONG, cell, no_jail, ran};

/// Whether the test has to be left out, with the reason printed.
fn skipped() -> bool {
    match no_jail() {
        Some(why) => {
            println!("skipped: {why}");
            true
        }
        None => false,
    }
}

#[test]
fn a_class_in_any_layout_gets_its_grades() {
    if skipped() {
        return;
    }
    let class = Class::new();
    class.hands_in("01-adder-ada", RIGHT);
    class.hands_in("Grace Hopper_1234_assignsubmission_file_", WRONG);
    fs::write(class.folder().join("linus.rs"), RIGHT).unwrap();
    // A clone of the whole course.
    let clone = class.folder().join("submission_7/exercises/01-adder/src");
    fs::create_dir_all(&clone).unwrap();
    fs::write(clone.join("lib.rs"), WRONG).unwrap();
    // One folder too many, as an archive makes it, and a name of its own.
    let inner = class.folder().join("margaret/my solution");
    fs::create_dir_all(&inner).unwrap();
    fs::write(inner.join("lib.rs"), RIGHT).unwrap();
    fs::write(
        class.folder().join("submission_metadata.yml"),
        "submission_7:\n  :submitters:\n  - :name: Alan\n    :email: alan@x.org\n  :created_at: 2026-11-22T10:00:00Z\n",
    )
    .unwrap();
    fs::write(class.folder().join("notes.txt"), "not a submission").unwrap();
    let times = class.root.path().join("times.csv");
    fs::write(&times, "submission,time\nada,2026-11-21T00:30:00+01:00\n").unwrap();
    let decided = class.root.path().join("decided.csv");
    fs::write(
        &decided,
        "submission,points,why\nGrace Hopper,3.5,\"oral exam\"\n",
    )
    .unwrap();

    let ran = class.grade(&[
        "--deadline",
        "2026-11-20T23:00:00Z",
        "--late",
        "10",
        "--handed-in",
        times.to_str().unwrap(),
        "--overrides",
        decided.to_str().unwrap(),
    ]);
    ran.exits(0)
        .says("5 submissions, 3 of them with every property");
    let table = class.table(&class.out());
    let of = |learner: &str| {
        let row = table.iter().find(|row| cell(row, "learner") == learner);
        let row = row.unwrap_or_else(|| panic!("nobody is called {learner}: {table:?}"));
        ["points", "late", "outcome", "nothing_sums_to_zero"].map(|column| cell(row, column))
    };
    assert_eq!(of("ada"), ["3.6", "0.4", "checked", "pass"]);
    assert_eq!(of("Grace Hopper"), ["3.5", "0", "checked", "wrong"]);
    assert_eq!(of("linus"), ["4", "0", "checked", "pass"]);
    assert_eq!(of("alan@x.org"), ["2.4", "0.6", "checked", "wrong"]);
    assert_eq!(of("margaret"), ["4", "0", "checked", "pass"]);

    let results = class
        .out()
        .join("gradescope/00001-01-adder-ada/results.json");
    let results: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(results).unwrap()).unwrap();
    assert_eq!(results["score"], 3.6);
    let report = fs::read_to_string(class.out().join("report/index.html")).unwrap();
    assert!(report.contains("alan@x.org") && report.contains("no numbers sum to 0"));
    // What a learner reads has no line of a hidden test.
    for page in fs::read_dir(class.out().join("report/feedback")).unwrap() {
        let page = fs::read_to_string(page.unwrap().path()).unwrap();
        assert!(
            !page.contains("assert!") && !page.contains("hidden/"),
            "{page}"
        );
    }
}

#[test]
fn names_that_nobody_would_choose_are_graded_and_harmless() {
    if skipped() {
        return;
    }
    let class = Class::new();
    let long = "n".repeat(255);
    let names = [
        "a\nb",
        "\u{202e}terces",
        "=1+1",
        "<script>",
        "..x",
        "-rf",
        &long,
        "ümlaut",
    ];
    for name in names {
        class.hands_in(name, RIGHT);
    }
    let bytes = std::ffi::OsStr::from_bytes(b"no\xfftext");
    let src = class.folder().join(bytes).join("src");
    fs::create_dir_all(&src).unwrap();
    fs::write(src.join("lib.rs"), RIGHT).unwrap();
    // Names that begin with a dot are the system's.
    class.hands_in(".git", WRONG);

    class.grade(&[]).exits(0).says("8 submissions, 8 of them");
    for row in class.table(&class.out()) {
        assert_eq!(cell(&row, "points"), "4");
        assert!(!cell(&row, "learner").contains(['\n', '\u{202e}']));
    }
}

#[test]
fn what_is_no_class_or_no_place_for_a_gradebook_is_named() {
    if skipped() {
        return;
    }
    let class = Class::new();
    class.grade(&[]).exits(2).says("has no submission");
    class.hands_in("ada", RIGHT);
    class
        .grade_to(&class.folder().join("out"), &[])
        .exits(2)
        .says("is inside the folder of the submissions");
    fs::remove_dir_all(class.folder().join("out")).unwrap();
    class
        .grade(&["--shard", "5/4"])
        .exits(2)
        .says("there is no part 5 of 4");
    class
        .grade(&["--late", "10"])
        .exits(2)
        .says("needs a `--deadline`");
    class
        .grade(&["--deadline", "tomorrow"])
        .exits(2)
        .says("2026-11-20T23:59:00+01:00");

    class.grade(&[]).exits(0);
    // Another class, with the same gradebook.
    fs::remove_dir_all(class.folder()).unwrap();
    class.hands_in("grace", RIGHT);
    class.grade(&[]).exits(2).says("is of another class");
    // Another version of the checks.
    let checks = class.course().join("solutions/01-adder/hidden/checks.rs");
    let text = fs::read_to_string(&checks).unwrap();
    fs::write(&checks, format!("{text}// another version\n")).unwrap();
    class
        .grade(&[])
        .exits(2)
        .says("another version of the hidden checks");
}

#[test]
fn a_submission_for_another_lesson_is_told_as_such() {
    if skipped() {
        return;
    }
    let class = Class::new();
    let other = class.course().join("solutions/03-single-ticket/src/lib.rs");
    class.hands_in("lost", &fs::read_to_string(other).unwrap());
    class.grade(&[]).exits(0).says("lost: rejected");
    let page = fs::read_dir(class.out().join("report/feedback"))
        .unwrap()
        .next()
        .unwrap();
    let page = fs::read_to_string(page.unwrap().path()).unwrap();
    assert!(page.contains("is for lesson 03"), "{page}");
}

#[test]
fn a_machine_without_a_jail_grades_nothing_unless_it_is_told_to() {
    let class = Class::new();
    class.hands_in("ada", RIGHT);
    let bare = |options: &[&str]| {
        let mut command = class.grading(&class.out(), options);
        // cargo and the linker are there, bubblewrap is not.
        let tools = class.root.path().join("tools");
        fs::create_dir_all(&tools).unwrap();
        for tool in ["cc", "ld", "as", "rustc", "cargo"] {
            let paths = std::env::var_os("PATH").unwrap();
            let found = std::env::split_paths(&paths)
                .map(|path| path.join(tool))
                .find(|path| path.is_file());
            if let Some(found) = found {
                let _ = std::os::unix::fs::symlink(found, tools.join(tool));
            }
        }
        command.env("PATH", tools);
        ran(command.output().unwrap())
    };
    bare(&[])
        .exits(2)
        .says("cannot enclose strangers' code")
        .says("apt install bubblewrap");
    assert!(!class.out().join("grades.csv").exists());
    bare(&["--accept-weak-isolation"])
        .exits(0)
        .says("weak isolation");
    let report = fs::read_to_string(class.out().join("report/index.html")).unwrap();
    assert!(report.contains("Weak isolation.") && report.contains("`bwrap` is not on PATH"));
}

#[test]
fn parts_make_the_same_gradebook_as_the_whole() {
    if skipped() {
        return;
    }
    let class = Class::new();
    for n in 0..7 {
        class.hands_in(
            &format!("learner_{n}"),
            if n % 3 == 0 { WRONG } else { RIGHT },
        );
    }
    class.grade(&[]).exits(0);
    let parts = class.root.path().join("parts");
    let merge = |out: &Path| {
        let mut command = class.command(&["merge", "--lesson", "01", "--out"]);
        ran(command.arg(out).output().unwrap())
    };
    class
        .grade_to(&parts, &["--shard", "1/3"])
        .exits(0)
        .says("grade merge");
    class.grade_to(&parts, &["--shard", "3/3"]).exits(0);
    merge(&parts).exits(2).says("run `--shard 2/3`");
    class.grade_to(&parts, &["--shard", "2/3"]).exits(0);

    // A part that was cut off is found, and goes on where it stopped.
    let second = parts.join("journal-2-of-3.txt");
    let bytes = fs::read(&second).unwrap();
    fs::write(&second, &bytes[..bytes.len() - 3]).unwrap();
    merge(&parts).exits(2).says("is not finished");
    class.grade_to(&parts, &["--shard", "2/3"]).exits(0);
    let copy = parts.join("journal-copy.txt");
    fs::copy(&second, &copy).unwrap();
    merge(&parts).exits(2).says("is part 2 of 3, and so is");
    fs::remove_file(copy).unwrap();

    for _ in 0..2 {
        merge(&parts).exits(0);
        for file in ["grades.csv", "junit.xml", "report/index.html"] {
            assert_eq!(
                fs::read_to_string(parts.join(file)).unwrap(),
                fs::read_to_string(class.out().join(file)).unwrap(),
                "{file}"
            );
        }
    }
}

/// How many submissions the journal has.
fn graded(out: &Path) -> usize {
    let bytes = fs::read(out.join("journal.txt")).unwrap_or_default();
    wt_class::journal::read(&bytes).1.len()
}

fn class_of(count: usize) -> Class {
    let class = Class::new();
    for n in 0..count {
        // Each differs, so that none is like another.
        let source = if n % 4 == 0 { WRONG } else { RIGHT };
        class.hands_in(&format!("learner_{n:02}"), &format!("// {n}\n{source}"));
    }
    class
}

#[test]
fn after_a_kill_the_rest_is_graded_and_the_gradebook_is_the_same() {
    if skipped() {
        return;
    }
    let class = class_of(12);
    let whole = class.root.path().join("whole");
    class.grade_to(&whole, &["--jobs", "1"]).exits(0);
    let mut before = 0;
    for wanted in [2, 5, 9] {
        let mut command = class.grading(&class.out(), &["--jobs", "2"]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let limit = Instant::now() + Duration::from_secs(120);
        while graded(&class.out()) < wanted && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < limit, "it grades nothing");
            thread::sleep(Duration::from_millis(2));
        }
        let pid = child.id();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(graded(&class.out()) >= before, "something was lost");
        before = graded(&class.out());
        nothing_left_of(pid);
    }
    class
        .grade(&["--jobs", "2"])
        .exits(0)
        .says("12 submissions");
    assert_eq!(
        fs::read_to_string(class.out().join("grades.csv")).unwrap(),
        fs::read_to_string(whole.join("grades.csv")).unwrap()
    );
    assert_eq!(graded(&class.out()), 12, "each was graded once");
}

/// No process of a jail and no control group of that grader is there, within a second.
fn nothing_left_of(pid: u32) {
    let name = format!("wt-jail-{pid}-");
    let group = |root: &str| {
        let entries = fs::read_dir(root).into_iter().flatten().flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&name))
            .count()
    };
    let jailed = || {
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        all.filter(|entry| {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line);
            // Other tests of this file have jails of their own.
            let parent = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let is_orphan = parent
                .rsplit(')')
                .next()
                .is_some_and(|rest| rest.split_whitespace().nth(1) == Some("1"));
            line.contains("--cell") && is_orphan
        })
        .count()
    };
    let end = Instant::now() + Duration::from_secs(1);
    loop {
        let groups =
            group("/sys/fs/cgroup/memory") + group("/sys/fs/cgroup/pids") + group("/sys/fs/cgroup");
        let processes = jailed();
        if groups == 0 && processes == 0 {
            break;
        }
        assert!(
            Instant::now() < end,
            "{groups} groups and {processes} processes are left"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn after_ctrl_c_what_was_graded_is_safe() {
    if skipped() {
        return;
    }
    let class = class_of(10);
    let child = class
        .grading(&class.out(), &["--jobs", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let limit = Instant::now() + Duration::from_secs(120);
    while graded(&class.out()) < 2 {
        assert!(Instant::now() < limit, "it grades nothing");
        thread::sleep(Duration::from_millis(2));
    }
    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupted.unwrap().success());
    let ran = ran(child.wait_with_output().unwrap());
    ran.exits(130).says("are graded and safe");
    class.grade(&[]).exits(0).says("10 submissions");
}

#[test]
fn two_at_once_in_one_folder_are_refused() {
    if skipped() {
        return;
    }
    let class = class_of(8);
    let mut first = class
        .grading(&class.out(), &["--jobs", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let limit = Instant::now() + Duration::from_secs(120);
    while graded(&class.out()) < 1 {
        assert!(Instant::now() < limit, "it grades nothing");
        thread::sleep(Duration::from_millis(2));
    }
    class.grade(&[]).exits(2).says("is in use");
    assert!(first.wait().unwrap().success());
}

#[test]
fn honest_verdicts_do_not_depend_on_the_neighbours_or_on_the_order() {
    if skipped() {
        return;
    }
    let class = class_of(6);
    let alone = class.root.path().join("alone");
    class.grade_to(&alone, &["--jobs", "1"]).exits(0);
    class.hands_in("a_bomb", "pub fn total(_: Vec<u64>, _: usize) -> u64 {\n    let mut all = Vec::new();\n    loop { all.push(vec![1_u8; 1 << 20]); }\n}\n");
    class.hands_in(
        "z_spinner",
        "pub fn total(_: Vec<u64>, _: usize) -> u64 {\n    loop { std::hint::spin_loop(); }\n}\n",
    );
    class.grade(&["--jobs", "2"]).exits(0);
    let honest = |out: &Path| {
        let text = fs::read_to_string(out.join("grades.csv")).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("learner_"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(honest(&alone), honest(&class.out()));
    assert_eq!(honest(&alone).len(), 6);
}
