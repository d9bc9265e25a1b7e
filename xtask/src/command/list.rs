//! `cargo xtask list`

use std::fmt::Write;

use wt_grader::lesson::Track;
use wt_grader::{Course, GradeError, Lesson};

use super::course;
use super::progress::{self, Known};
use crate::exit::{Exit, PASSED};
use crate::given::Given;
use crate::spec::{Group, Opt, Spec, Value, Words};
use crate::terminal::{GREEN, Terminal, YELLOW};

pub(crate) const SPEC: Spec = Spec {
    name: "list",
    group: Group::Learner,
    words: Words::MaybeOne("TEXT"),
    summary: "all lessons, with their minutes and how far you are",
    about: "\
Each lesson with its state, number, name, minutes and title, and the sums per
track; `(stretch)` is for those who want more. `done` means that its last check
passed, `begun` that the exercise is not the starter any more. With TEXT only
lessons that have it in their name or title.",
    options: &[
        Opt {
            short: None,
            long: "part",
            value: Value::Number,
            about: "only the lessons of this part",
        },
        Opt {
            short: None,
            long: "track",
            value: Value::OneOf(&["core", "stretch"]),
            about: "only the lessons of this track",
        },
        Opt {
            short: None,
            long: "state",
            value: Value::OneOf(&["done", "begun", "open"]),
            about: "only the lessons in this state",
        },
    ],
    examples: &[
        ("list", "every lesson"),
        ("list queue", "lessons about queues"),
        (
            "list --state open --track core",
            "core lessons that you have not begun",
        ),
    ],
    run,
};

fn run(given: &Given, terminal: Terminal) -> Result<Exit, GradeError> {
    let course = course()?;
    let progress = progress::read(&course, terminal);
    let lessons: Vec<&Lesson> = course
        .lessons
        .iter()
        .filter(|lesson| is_wanted(lesson, &progress, given))
        .collect();
    if lessons.is_empty() {
        terminal.print("no lesson is like that; `cargo xtask list` shows them all\n");
        return Ok(PASSED);
    }
    terminal.print(&text(&course, &lessons, &progress, terminal));
    Ok(PASSED)
}

fn is_wanted(lesson: &Lesson, progress: &Known, given: &Given) -> bool {
    let wanted = given.word().unwrap_or_default().to_lowercase();
    let named = lesson.folder.contains(&wanted) || lesson.title.to_lowercase().contains(&wanted);
    named
        && given
            .number("part")
            .is_none_or(|part| lesson.part as usize == part)
        && given
            .value("track")
            .is_none_or(|track| lesson.track.text() == track)
        && given
            .value("state")
            .is_none_or(|wanted| state(lesson, progress) == wanted)
}

fn state(lesson: &Lesson, progress: &Known) -> &'static str {
    if progress.has_passed(lesson) {
        "done"
    } else if lesson.is_begun() {
        "begun"
    } else {
        "open"
    }
}

fn text(course: &Course, lessons: &[&Lesson], progress: &Known, terminal: Terminal) -> String {
    let mut text = format!("{}\n", course.title);
    for (number, title) in (1..).zip(&course.parts) {
        let of_part: Vec<_> = lessons
            .iter()
            .filter(|lesson| lesson.part == number)
            .collect();
        if of_part.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\nPart {number} · {title}");
        for lesson in of_part {
            text.push_str(&line(lesson, progress, terminal));
        }
    }
    text.push('\n');
    for track in [Track::Core, Track::Stretch] {
        text.push_str(&sums(lessons, track, progress));
    }
    text
}

fn line(lesson: &Lesson, progress: &Known, terminal: Terminal) -> String {
    let (state, color) = match state(lesson, progress) {
        "done" => ("done ", GREEN),
        "begun" => ("begun", YELLOW),
        _ => ("     ", ""),
    };
    // Most lessons are of the core; the others say so.
    let stretch = match lesson.track {
        Track::Core => "",
        Track::Stretch => " (stretch)",
    };
    let head = format!(
        "  {state}  {:02} {:<20} {:>2} min  ",
        lesson.number, lesson.idea, lesson.minutes
    );
    let text = terminal.hanging(&head, &format!("{}{stretch}", lesson.title));
    match color {
        "" => text,
        color => text.replacen(state, &terminal.paint(color, state), 1),
    }
}

fn sums(lessons: &[&Lesson], track: Track, progress: &Known) -> String {
    let of_track: Vec<_> = lessons
        .iter()
        .filter(|lesson| lesson.track == track)
        .collect();
    if of_track.is_empty() {
        return String::new();
    }
    let minutes: u32 = of_track.iter().map(|lesson| lesson.minutes).sum();
    let done = of_track
        .iter()
        .filter(|lesson| progress.has_passed(lesson))
        .count();
    format!(
        "{}: {}, {minutes} minutes, {done} done\n",
        track.text(),
        match of_track.len() {
            1 => "1 lesson".to_owned(),
            count => format!("{count} lessons"),
        }
    )
}
