//! What the commands read from and write to the progress file. It is never worth
//! a verdict: what goes wrong with it is told beside the answer.

use wt_grader::progress::{Progress, today};
use wt_grader::{Course, GradeError, Lesson};

use crate::terminal::{Terminal, print_error};

/// The progress as a command sees it: what cannot be read counts as none.
#[derive(Debug)]
pub(crate) struct Known(Progress);

/// Reads the progress file.
pub(crate) fn read(course: &Course, terminal: Terminal) -> Known {
    Known(Progress::read(course).unwrap_or_else(|error| {
        told(&error, terminal);
        Progress::default()
    }))
}

/// Writes down that a check of `lesson` passed or did not.
pub(crate) fn note_verdict(
    course: &Course,
    lesson: &Lesson,
    passed: bool,
    terminal: Terminal,
) -> Known {
    let known = read(course, terminal);
    if known.0.has_passed(lesson) == passed {
        return known;
    }
    let written = Progress::update(course, lesson, |entry| {
        entry.passed = passed.then(today);
    });
    match written {
        Ok(_) => read(course, terminal),
        Err(error) => {
            told(&error, terminal);
            known
        }
    }
}

/// Writes down that hints up to `level` were shown.
pub(crate) fn note_hints(course: &Course, lesson: &Lesson, level: usize, terminal: Terminal) {
    let written = Progress::update(course, lesson, |entry| {
        entry.hints = entry.hints.max(level);
    });
    if let Err(error) = written {
        told(&error, terminal);
    }
}

impl Known {
    pub(crate) fn has_passed(&self, lesson: &Lesson) -> bool {
        self.0.has_passed(lesson)
    }

    /// How many hints were shown.
    pub(crate) fn hints(&self, lesson: &Lesson) -> usize {
        self.0.of(lesson).hints
    }

    /// The first lesson that has not passed.
    pub(crate) fn next<'a>(&self, course: &'a Course) -> Option<&'a Lesson> {
        course
            .lessons
            .iter()
            .find(|lesson| !self.has_passed(lesson))
    }

    /// The first lesson behind `lesson` that has not passed, or else the first
    /// before it.
    pub(crate) fn next_after<'a>(&self, course: &'a Course, lesson: &Lesson) -> Option<&'a Lesson> {
        let open = |other: &&Lesson| other.number != lesson.number && !self.has_passed(other);
        let behind = course.lessons.iter().filter(open);
        behind
            .clone()
            .find(|other| other.number > lesson.number)
            .or_else(|| behind.clone().next())
    }
}

fn told(error: &GradeError, terminal: Terminal) {
    if !terminal.quiet {
        print_error(&format!("your progress is not noted: {error}"));
    }
}
