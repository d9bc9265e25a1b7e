//! A class folder beside a small course, and the real program over both.

#![allow(dead_code, reason = "each file of tests uses a part of this")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// What is right for lesson 01 of the small course.
pub(crate) const RIGHT: &str =
    "pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {\n    numbers.iter().sum()\n}\n";
/// What fails one check of it, and is worth 3 of 4 points.
pub(crate) const WRONG: &str = "pub fn total(numbers: Vec<u64>, _workers: usize) -> u64 {\n    \
     if numbers.is_empty() { 1 } else { numbers.iter().sum() }\n}\n";

/// A class, a course and an output folder, in a temporary folder.
pub(crate) struct Class {
    pub(crate) root: TempDir,
}

/// What a run printed, and how it ended.
pub(crate) struct Ran {
    pub(crate) text: String,
    pub(crate) code: Option<i32>,
}

impl Ran {
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, what: &str) -> &Self {
        assert!(
            self.text.contains(what),
            "it does not say `{what}`:\n{}",
            self.text
        );
        self
    }
}

impl Class {
    pub(crate) fn new() -> Self {
        let root = tempfile::Builder::new()
            .prefix("wt-class-")
            .tempdir()
            .expect("a temporary folder");
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let course = root.path().join("course");
        copy(&repository.join("xtask/tests/course/small"), &course);
        let description = fs::read_to_string(course.join("course.toml")).unwrap();
        let kit = repository.canonicalize().unwrap();
        fs::write(
            course.join("course.toml"),
            format!("kit = {kit:?}\n{description}"),
        )
        .unwrap();
        fs::create_dir(root.path().join("class")).unwrap();
        Self { root }
    }

    pub(crate) fn course(&self) -> PathBuf {
        self.root.path().join("course")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("class")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.root.path().join("out")
    }

    /// A learner's `src/lib.rs`.
    pub(crate) fn hands_in(&self, name: &str, source: &str) {
        let src = self.folder().join(name).join("src");
        fs::create_dir_all(&src).unwrap();
        fs::write(src.join("lib.rs"), source).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wt-class"));
        command
            .current_dir(self.course())
            .env("CARGO_TARGET_DIR", env!("CARGO_TARGET_TMPDIR"))
            .env("CARGO", env!("CARGO"))
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// `grade` with these further options.
    pub(crate) fn grade(&self, options: &[&str]) -> Ran {
        self.grade_to(&self.out(), options)
    }

    pub(crate) fn grade_to(&self, out: &Path, options: &[&str]) -> Ran {
        ran(self.grading(out, options).output().unwrap())
    }

    pub(crate) fn grading(&self, out: &Path, options: &[&str]) -> Command {
        let mut command = self.command(&["grade"]);
        command
            .arg(self.folder())
            .args(["--lesson", "01", "--out"])
            .arg(out)
            .args(options);
        command
    }

    /// The table, by submission: its cells by column.
    pub(crate) fn table(&self, out: &Path) -> Vec<Vec<(String, String)>> {
        let mut reader = csv::Reader::from_path(out.join("grades.csv")).unwrap();
        let head: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        reader
            .records()
            .map(|record| {
                let record = record.unwrap();
                head.iter()
                    .cloned()
                    .zip(record.iter().map(str::to_owned))
                    .collect()
            })
            .collect()
    }
}

pub(crate) fn ran(output: Output) -> Ran {
    Ran {
        text: format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        code: output.status.code(),
    }
}

/// The value of a column.
pub(crate) fn cell<'r>(row: &'r [(String, String)], column: &str) -> &'r str {
    row.iter()
        .find(|(name, _)| name == column)
        .map_or("", |(_, value)| value)
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Why this machine cannot enclose anything; `None` if it can.
pub(crate) fn no_jail() -> Option<String> {
    let found = wt_jail::Facilities::find();
    found
        .bubblewrap
        .is_none()
        .then_some(found.without_bubblewrap)
}
