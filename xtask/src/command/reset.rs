//! `cargo xtask reset`: the only command that writes to a learner's files.

use std::fs;
use std::path::{Path, PathBuf};

use wt_grader::files::sorted_entries;
use wt_grader::{Course, GradeError, Lesson};

use super::{course, progress};
use crate::exit::{Exit, PASSED};
use crate::given::Given;
use crate::spec::{Group, Opt, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "reset",
    group: Group::Learner,
    words: Words::MaybeLesson,
    summary: "bring the starter back; your file is copied first",
    about: "\
Copies exercises/NN-name/src to exercises/NN-name/backup/N first and says so.
This is the only command that writes to your files.",
    options: &[Opt::flag(
        None,
        "all",
        "every exercise that is not the starter any more",
    )],
    examples: &[
        ("reset 03", "begin lesson 03 again"),
        ("reset --all", "begin the course again"),
    ],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    match (given.word(), given.has("all")) {
        (Some(name), false) => reset(&course, course.lesson(name)?, terminal)?,
        (None, true) => {
            let begun: Vec<&Lesson> = course.lessons.iter().filter(|l| l.is_begun()).collect();
            for lesson in &begun {
                reset(&course, lesson, terminal)?;
            }
            if begun.is_empty() {
                terminal.print("every exercise is the starter already\n");
            }
        }
        _ => {
            return Err(GradeError::Usage(
                "give a lesson or `--all`; `cargo xtask help reset` shows how".into(),
            ));
        }
    }
    Ok(PASSED)
}

fn reset(course: &Course, lesson: &Lesson, terminal: Terminal) -> Result<(), GradeError> {
    let starter = lesson.starter();
    let text = fs::read(&starter).map_err(|error| GradeError::io("read", &starter, &error))?;
    let file = lesson.exercise.join("src/lib.rs");
    let shown = |path: &Path| {
        path.strip_prefix(&course.root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    // Asked first, because reading a pipe would wait for its writer.
    let regular = fs::symlink_metadata(&file).is_ok_and(|found| found.is_file());
    if regular && fs::read(&file).is_ok_and(|now| now == text) {
        terminal.print(&format!(
            "{}: `{}` is the starter already\n",
            lesson.label(),
            shown(&file)
        ));
        return Ok(());
    }
    let backup = back_up(lesson)?;
    replace(&file, &text)?;
    let mut out = format!(
        "{}: the starter is back in `{}`\n",
        lesson.label(),
        shown(&file)
    );
    if let Some(backup) = backup {
        out.push_str(&format!("your work is in `{}`\n", shown(&backup)));
    }
    terminal.print(&out);
    progress::note_verdict(course, lesson, false, terminal);
    Ok(())
}

/// Copies everything in `src`, byte for byte, to a folder that did not exist.
fn back_up(lesson: &Lesson) -> Result<Option<PathBuf>, GradeError> {
    let src = lesson.exercise.join("src");
    let parent = lesson.exercise.join("backup");
    fs::create_dir_all(&parent).map_err(|error| GradeError::io("create", &parent, &error))?;
    let mut number = sorted_entries(&parent)?.len() + 1;
    let folder = loop {
        let folder = parent.join(number.to_string());
        match fs::create_dir(&folder) {
            Ok(()) => break folder,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(GradeError::io("create", &folder, &error)),
        }
    };
    if copy_tree(&src, &folder)? == 0 {
        let _ = fs::remove_dir(&folder);
        return Ok(None);
    }
    Ok(Some(folder))
}

fn copy_tree(from: &Path, to: &Path) -> Result<usize, GradeError> {
    let mut copied = 0;
    for path in sorted_entries(from)? {
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            fs::create_dir_all(&target)
                .map_err(|error| GradeError::io("create", &target, &error))?;
            copied += copy_tree(&path, &target)?;
        } else if path.is_file() {
            fs::copy(&path, &target).map_err(|error| GradeError::io("copy", &path, &error))?;
            copied += 1;
        }
    }
    Ok(copied)
}

/// Writes the starter so that a full disk leaves the learner's file whole.
fn replace(file: &Path, text: &[u8]) -> Result<(), GradeError> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(|error| GradeError::io("create", folder, &error))?;
    let fresh = folder.join(".lib.rs.new");
    fs::write(&fresh, text)
        .and_then(|()| fs::rename(&fresh, file))
        .map_err(|error| {
            let _ = fs::remove_file(&fresh);
            GradeError::io("write", file, &error)
        })
}
