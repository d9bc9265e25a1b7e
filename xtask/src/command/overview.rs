//! `cargo xtask` alone: how far you are, and what to type next.

use std::fmt::Write;

use wt_grader::{Course, GradeError, Lesson};

use super::course;
use super::progress::{self, Known};
use crate::exit::{Exit, PASSED};
use crate::given::Given;
use crate::terminal::{BOLD, GREEN, Terminal, bar};

pub(crate) fn run(_: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let progress = progress::read(&course, terminal);
    terminal.print(&text(&course, &progress, terminal));
    Ok(PASSED)
}

fn text(course: &Course, progress: &Known, terminal: Terminal) -> String {
    let open: Vec<&Lesson> = course
        .lessons
        .iter()
        .filter(|lesson| !progress.has_passed(lesson))
        .collect();
    let minutes: u32 = open.iter().map(|lesson| lesson.minutes).sum();
    let mut text = format!(
        "{}: {} of {} lessons done, {minutes} minutes to go\n\n",
        terminal.paint(BOLD, &course.title),
        course.lessons.len() - open.len(),
        course.lessons.len()
    );
    for (number, title) in (1..).zip(&course.parts) {
        let lessons = course.lessons.iter().filter(|lesson| lesson.part == number);
        let (all, done) = lessons.fold((0, 0), |(all, done), lesson| {
            (all + 1, done + usize::from(progress.has_passed(lesson)))
        });
        if all > 0 {
            let bar = terminal.paint(GREEN, &bar(done, all, 20));
            let _ = writeln!(text, "  {number} {title:<28} {bar} {done} of {all}");
        }
    }
    text.push('\n');
    text.push_str(&match progress.next(course) {
        Some(lesson) => what_to_type(lesson),
        None => "Every lesson is done.\n".into(),
    });
    text.push_str("\n`cargo xtask list` shows all lessons, `cargo xtask help` all commands.\n");
    text
}

fn what_to_type(lesson: &Lesson) -> String {
    format!(
        "next   {} ({} minutes): {}\n\
         read   exercises/{folder}/README.md\n\
         edit   exercises/{folder}/src/lib.rs\n\
         type   cargo xtask check {number:02}\n\
         stuck  cargo xtask hint {number:02}\n",
        lesson.label(),
        lesson.minutes,
        lesson.title,
        folder = lesson.folder,
        number = lesson.number,
    )
}
