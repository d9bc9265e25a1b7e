//! `cargo xtask list`

use std::fmt::Write;

use wt_grader::lesson::Track;
use wt_grader::{Course, GradeError};

use super::course;
use crate::exit::{Exit, PASSED};
use crate::given::Given;
use crate::spec::{Group, Spec, Words};
use crate::terminal::Terminal;

pub(crate) const SPEC: Spec = Spec {
    name: "list",
    group: Group::Learner,
    words: Words::Nothing,
    summary: "all lessons, with their minutes",
    about: "Each lesson with its number, name, track, minutes and title, and the sums per track.",
    options: &[],
    examples: &[("list", "every lesson")],
    run,
};

fn run(_: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    terminal.print(&text(&course()?));
    Ok(PASSED)
}

fn text(course: &Course) -> String {
    let mut text = format!("{}\n", course.title);
    for (n, title) in course.parts.iter().enumerate() {
        let lessons: Vec<_> = course
            .lessons
            .iter()
            .filter(|lesson| lesson.part as usize == n + 1)
            .collect();
        if lessons.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\nPart {} · {title}", n + 1);
        for lesson in lessons {
            let _ = writeln!(
                text,
                "  {:02} {:<20} {:<8} {:>3} min  {}",
                lesson.number,
                lesson.idea,
                track(lesson.track),
                lesson.minutes,
                lesson.title
            );
        }
    }
    text.push('\n');
    for kind in [Track::Core, Track::Stretch] {
        let of_kind = course.lessons.iter().filter(|lesson| lesson.track == kind);
        let (count, minutes) =
            of_kind.fold((0, 0), |(n, sum), lesson| (n + 1, sum + lesson.minutes));
        if count > 0 {
            let _ = writeln!(text, "{}: {count} lessons, {minutes} minutes", track(kind));
        }
    }
    text
}

fn track(track: Track) -> &'static str {
    match track {
        Track::Core => "core",
        Track::Stretch => "stretch",
    }
}
