//! Which objective is taught, shown and checked where: the holes of a course.

use crate::course::Course;
use crate::lesson::{Lesson, Track};

/// One objective of `course.toml` and the lessons that are for it.
#[derive(Debug)]
pub struct Row<'a> {
    /// Such as `pools.reuse`.
    pub objective: &'a str,
    /// In the order of their numbers.
    pub lessons: Vec<Covered<'a>>,
}

/// What one lesson has for one objective.
#[derive(Debug)]
pub struct Covered<'a> {
    /// The lesson.
    pub lesson: &'a Lesson,
    /// Whether the book has its chapter.
    pub chapter: bool,
    /// Whether it has an example.
    pub example: bool,
    /// The ids of the checks that are for this objective.
    pub checks: Vec<&'a str>,
}

/// One row per objective, in the order of `course.toml`.
#[must_use]
pub fn table(course: &Course) -> Vec<Row<'_>> {
    let covered = |lesson, objective| covered(course, lesson, objective);
    course
        .objectives
        .iter()
        .map(|objective| Row {
            objective,
            lessons: course
                .lessons
                .iter()
                .filter(|lesson| lesson.objectives.contains(objective))
                .map(|lesson| covered(lesson, objective))
                .collect(),
        })
        .collect()
}

fn covered<'a>(course: &Course, lesson: &'a Lesson, objective: &'a str) -> Covered<'a> {
    Covered {
        lesson,
        chapter: course.root.join(Course::chapter(lesson)).is_file(),
        example: lesson.example().join("src/main.rs").is_file(),
        checks: lesson
            .checks_of(objective)
            .map(|check| check.id.as_str())
            .collect(),
    }
}

impl Row<'_> {
    /// What is missing, each as a clause; empty if the objective has it all.
    #[must_use]
    pub fn holes(&self) -> Vec<String> {
        if self.lessons.is_empty() {
            return vec![String::from("no lesson is for it")];
        }
        let mut holes = Vec::new();
        for covered in &self.lessons {
            let label = covered.lesson.label();
            let parts = [
                (covered.chapter, "chapter"),
                (covered.example, "example"),
                (!covered.checks.is_empty(), "check for it"),
            ];
            for (there, part) in parts {
                if !there {
                    holes.push(format!("{label} has no {part}"));
                }
            }
        }
        holes
    }
}

/// How many lessons a track has, and how long its exercises take.
#[must_use]
pub fn minutes(course: &Course, track: Track) -> (usize, u32) {
    let of_track = || course.lessons.iter().filter(|lesson| lesson.track == track);
    (
        of_track().count(),
        of_track().map(|lesson| lesson.minutes).sum(),
    )
}
