//! The files of a lesson: all there, written, and of the form that learners know.

use std::path::PathBuf;

use crate::course::Course;
use crate::lesson::{Lesson, Mode};
use crate::pages;

/// Stands in a new lesson's files where words are to be written; what follows it
/// says which.
const TO_WRITE: &str = "TO WRITE: ";

pub(super) fn problems(course: &Course, lesson: &Lesson) -> Vec<String> {
    let mut problems = Vec::new();
    for path in required(lesson) {
        if !course.root.join(&path).is_file() {
            problems.push(format!("`{}` is missing", path.display()));
        }
    }
    problems.extend(to_write(course, lesson));
    problems.extend(identity(course, lesson));
    problems.extend(hints(lesson));
    problems.extend(not_in_the_summary(course, lesson));
    problems.extend(links(course, lesson));
    problems
}

/// The links of its pages, and what its chapter includes.
fn links(course: &Course, lesson: &Lesson) -> Vec<String> {
    [
        lesson.exercise.join("README.md"),
        lesson.exercise.join("HINTS.md"),
        lesson.solution().join("NOTES.md"),
        course.root.join(Course::chapter(lesson)),
    ]
    .iter()
    .flat_map(|page| pages::problems(course, page))
    .collect()
}

fn required(lesson: &Lesson) -> Vec<PathBuf> {
    let exercise = PathBuf::from("exercises").join(&lesson.folder);
    let solution = PathBuf::from("solutions").join(&lesson.folder);
    let example = PathBuf::from("examples").join(&lesson.folder);
    let mut files = vec![
        exercise.join("README.md"),
        exercise.join("HINTS.md"),
        exercise.join("Cargo.toml"),
        exercise.join("src/lib.rs"),
        exercise.join("tests/visible.rs"),
        solution.join("Cargo.toml"),
        solution.join("src/lib.rs"),
        solution.join("starter/lib.rs"),
        solution.join("hidden/checks.rs"),
        solution.join("NOTES.md"),
        example.join("Cargo.toml"),
        example.join("src/main.rs"),
        Course::chapter(lesson),
    ];
    for spec in &lesson.checks {
        if matches!(spec.mode, Mode::CompileFail { .. }) {
            files.push(
                solution
                    .join("hidden/compile_fail")
                    .join(format!("{}.rs", spec.id)),
            );
        }
    }
    files
}

/// The lines that are still as `cargo xtask new` made them.
fn to_write(course: &Course, lesson: &Lesson) -> Vec<String> {
    let mut files = required(lesson);
    files.push(
        PathBuf::from("exercises")
            .join(&lesson.folder)
            .join("lesson.toml"),
    );
    let mut problems = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(course.root.join(&path)).unwrap_or_default();
        for (n, line) in text.lines().enumerate() {
            if let Some((_, what)) = line.split_once(TO_WRITE) {
                problems.push(format!(
                    "`{}`, line {}, is still to be written: {what}",
                    path.display(),
                    n + 1
                ));
            }
        }
    }
    problems
}

/// A book whose summary does not name a chapter does not have it.
fn not_in_the_summary(course: &Course, lesson: &Lesson) -> Option<String> {
    let summary = std::fs::read_to_string(course.root.join(Course::SUMMARY)).ok()?;
    let link = format!("({}.md)", lesson.folder);
    (!summary.contains(&link)).then(|| format!("`{}` has no link to `{link}`", Course::SUMMARY))
}

/// Ids are unique, and the same number and name stand everywhere.
fn identity(course: &Course, lesson: &Lesson) -> Vec<String> {
    let mut problems = Vec::new();
    for other in &course.lessons {
        if other.folder != lesson.folder && (other.id == lesson.id || other.number == lesson.number)
        {
            problems.push(format!("`{}` has the same id or number", other.folder));
        }
    }
    if lesson.part == 0 || lesson.part as usize > course.parts.len() {
        problems.push(format!("part {} is not in `course.toml`", lesson.part));
    }
    if lesson.checks.is_empty() {
        problems.push("`lesson.toml` has no `[[check]]`".into());
    }
    for (n, spec) in lesson.checks.iter().enumerate() {
        if lesson.checks[..n].iter().any(|other| other.id == spec.id) {
            problems.push(format!("`lesson.toml` has the check `{}` twice", spec.id));
        }
    }
    if lesson.objectives.is_empty() {
        problems.push("it names no objective of `course.toml`".into());
    }
    for objective in &lesson.objectives {
        if !course.objectives.contains(objective) {
            problems.push(format!(
                "the objective `{objective}` is not in `course.toml`"
            ));
        }
        if lesson.checks_of(objective).next().is_none() {
            problems.push(format!(
                "no check is for the objective `{objective}`; write `objective = \"{objective}\"` in one"
            ));
        }
    }
    for spec in &lesson.checks {
        if let Some(objective) = spec.objective.as_ref()
            && !lesson.objectives.contains(objective)
        {
            problems.push(format!(
                "the check `{}` is for `{objective}`, which is no objective of the lesson",
                spec.id
            ));
        }
    }
    let packages = [
        (lesson.exercise.clone(), "ex"),
        (lesson.solution(), "sol"),
        (lesson.example(), "eg"),
    ];
    for (folder, prefix) in packages {
        let name = format!("name = \"{prefix}{}\"", lesson.folder);
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        if !manifest.contains(&name) {
            problems.push(format!("a Cargo.toml does not say `{name}`"));
        }
    }
    problems
}

fn hints(lesson: &Lesson) -> Option<String> {
    let text = std::fs::read_to_string(lesson.exercise.join("HINTS.md")).unwrap_or_default();
    let sections: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("## "))
        .collect();
    let right =
        sections.len() == 3 && (1..=3).all(|n| sections[n - 1].starts_with(&format!("## {n}")));
    (!right).then(|| String::from("`HINTS.md` must have the sections `## 1`, `## 2` and `## 3`"))
}
