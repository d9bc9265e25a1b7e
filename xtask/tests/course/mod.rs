//! A small course in a temporary folder, in which the real program is run.
//!
//! `small` is a whole course of three lessons: 01 and 02 both have "add" in their
//! names, 01 is complete enough for `verify`, 02 has a snapshot, and 03 a check
//! that must not compile. A test takes a copy, puts a learner's code into it, and
//! runs `cargo xtask` there:
//!
//! ```ignore
//! let course = Course::new();
//! course.solve(&adder_that("std::process::exit(0)"));
//! course.run("check 01").exits(1).says("ended early");
//! ```
//!
//! The idea is that of nextest's fixture projects.

#![allow(
    dead_code,
    unused_imports,
    reason = "each file of tests uses a part of this"
)]

mod adder;
mod program;
mod sandbox;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) use adder::{RIGHT_ADDER, adder_that};
pub(crate) use program::{Program, Ran, Running};
pub(crate) use sandbox::{is_root, mounted_apart};

/// The file that a learner edits in lesson 01.
pub(crate) const ADDER: &str = "exercises/01-adder/src/lib.rs";

/// A copy of the small course.
pub(crate) struct Course {
    root: PathBuf,
    target: PathBuf,
    /// Removed when the course is dropped.
    _folder: TempDir,
}

impl Course {
    /// A fresh copy. What grading leaves on disk goes to a folder that all tests
    /// share, so that the kit is built once. What `verify` proved is kept there too, from
    /// one run of the tests to the next: a test that reads what holds takes `apart`.
    pub(crate) fn new() -> Self {
        Self::called("course")
    }

    /// A fresh copy in a folder of this name.
    pub(crate) fn called(name: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("wt-xtask-")
            .tempdir()
            .expect("a temporary folder");
        let root = folder.path().join(name);
        let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/course/small");
        copy_tree(&small, &root);
        let kit = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the root of the repository");
        let course = Self {
            root,
            target: PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
            _folder: folder,
        };
        let description = course.read("course.toml");
        course.write("course.toml", format!("kit = {kit:?}\n{description}"));
        course
    }

    /// A fresh copy with a target folder of its own, in which only the kit is
    /// the shared one: for tests that look at what grading leaves on disk.
    pub(crate) fn apart() -> Self {
        let mut course = Self::new();
        course.target = course.root.with_file_name("target");
        fs::create_dir_all(course.target.join("wt")).unwrap();
        for kit in ["wt/kit", "wt/kit-plain"] {
            let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join(kit);
            fs::create_dir_all(&shared).unwrap();
            std::os::unix::fs::symlink(shared, course.target.join(kit)).unwrap();
        }
        course
    }

    /// Makes sure that the kit is built, so that a test can measure a time.
    pub(crate) fn with_kit(self) -> Self {
        static BUILT: Once = Once::new();
        BUILT.call_once(|| {
            let course = Self::new();
            course.solve(RIGHT_ADDER);
            course.run("check 01").exits(0);
        });
        self
    }

    /// The folder with `course.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What stands for `CARGO_TARGET_DIR`.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// A path in the course.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// The text of a file of the course.
    pub(crate) fn read(&self, file: &str) -> String {
        let path = self.path(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Writes a file of the course.
    pub(crate) fn write(&self, file: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a file has a folder")).unwrap();
        fs::write(&path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Replaces `old` in a file; it must be there.
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        let text = self.read(file);
        assert!(
            text.contains(old),
            "`{file}` does not contain `{old}`:\n{text}"
        );
        self.write(file, text.replace(old, new));
    }

    /// Removes a file or a folder of the course.
    pub(crate) fn remove(&self, file: &str) {
        let path = self.path(file);
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Puts a learner's code into lesson 01.
    pub(crate) fn solve(&self, source: impl AsRef<[u8]>) {
        self.write(ADDER, source);
    }

    /// `cargo xtask` with these words, ready to be run in the course's root.
    pub(crate) fn program(&self, words: &str) -> Program {
        Program::new(self, words.split_whitespace())
    }

    /// Runs `cargo xtask` with these words to its end.
    pub(crate) fn run(&self, words: &str) -> Ran {
        self.program(words).run()
    }

    /// The private folders of runs that are going on or were killed.
    pub(crate) fn scratch(&self) -> Vec<PathBuf> {
        sorted(&self.target.join("wt/scratch"))
    }

    /// Every file of the course, with its bytes.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files_below(&self.root)
    }
}

/// Waits for a condition that must come true soon, and fails the test if it does
/// not.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    // Long enough for a kit to be built on a busy machine.
    let deadline = Instant::now() + Duration::from_secs(120);
    while !condition() {
        assert!(Instant::now() < deadline, "waited 120 s for this: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in sorted(from) {
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy_tree(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

pub(crate) fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    sorted(folder)
        .into_iter()
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false => vec![(path.clone(), fs::read(&path).unwrap())],
        })
        .collect()
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
