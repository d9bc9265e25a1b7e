//! The drawings in the book.
//!
//! `solutions/NN-…/trace/pictures` has a line for each: its name, whose code is run,
//! and its title:
//!
//! ```text
//! pool        reference          Three workers share one queue
//! one-worker  bad/one_worker.rs  One worker does it all
//! ```
//!
//! The first becomes `book/src/pictures/01-pool.svg`. A scenario under a fixed
//! schedule is the same each time, so a test compares the files with what is drawn
//! now.

use std::path::PathBuf;

use wt_grader::trace::{Pace, Recorded, Whose, record};
use wt_grader::{Course, GradeError, Lesson, Session};

use crate::log::Log;
use crate::names::Sources;
use crate::svg;
use crate::timeline::Timeline;

/// A drawing that the book has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its file, relative to the course's root.
    pub file: PathBuf,
    /// Whose code is run.
    pub whose: Whose,
    /// Its title.
    pub title: String,
}

/// Those of a lesson.
///
/// # Errors
///
/// [`GradeError::Course`] names a line that has no three parts.
pub fn of(lesson: &Lesson) -> Result<Vec<Picture>, GradeError> {
    let list = lesson.solution().join("trace/pictures");
    let Ok(text) = std::fs::read_to_string(&list) else {
        return Ok(Vec::new());
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            picture(lesson, line).ok_or_else(|| {
                let list = list.display();
                GradeError::Course(format!(
                    "`{list}`: `{line}` is not a name, whose code, and a title"
                ))
            })
        })
        .collect()
}

fn picture(lesson: &Lesson, line: &str) -> Option<Picture> {
    let (name, rest) = line.trim().split_once(char::is_whitespace)?;
    let (whose, title) = rest.trim().split_once(char::is_whitespace)?;
    Some(Picture {
        file: PathBuf::from(format!("book/src/pictures/{:02}-{name}.svg", lesson.number)),
        whose: match whose {
            "reference" => Whose::Reference,
            "example" => Whose::Example,
            file => Whose::File(file.into()),
        },
        title: title.trim().to_owned(),
    })
}

/// Draws one now.
///
/// # Errors
///
/// [`GradeError::Course`] if the scenario does not come to its end, except for a known
/// mistake that ends in a deadlock.
pub fn draw(
    session: &Session<'_>,
    lesson: &Lesson,
    picture: &Picture,
) -> Result<String, GradeError> {
    let file = picture.file.display();
    let bad = |why: String| GradeError::Course(format!("`{file}` cannot be drawn: {why}"));
    let mut timeline = match record(session, lesson, &picture.whose, Pace::Fixed)? {
        Recorded::Log(log, sources) => timeline(&log, &sources)?,
        Recorded::Rejected(rejected) => return Err(bad(rejected.to_string())),
        Recorded::DoesNotCompile(said) => return Err(bad(said.rendered)),
        Recorded::GaveUp(why) => return Err(bad(why)),
    };
    // That a known mistake comes to no end is what its picture shows.
    let is_shown = match &picture.whose {
        Whose::File(_) => ["done", "deadlock"].contains(&timeline.outcome.word.as_str()),
        _ => timeline.outcome.word == "done",
    };
    if !is_shown {
        return Err(bad(format!(
            "{} {}",
            timeline.outcome.word, timeline.outcome.what
        )));
    }
    // A picture in a page has nothing under the pointer, and a line's number changes
    // with every line that is written above it.
    for wait in timeline.lanes.iter_mut().flat_map(|lane| &mut lane.waits) {
        wait.place.line = 0;
    }
    for hold in &mut timeline.holds {
        hold.place.line = 0;
    }
    Ok(svg::titled(&timeline, &picture.title))
}

/// Draws all of the course's, and returns those whose file is not the same.
///
/// # Errors
///
/// As of [`of`] and [`draw`].
pub fn stale(session: &Session<'_>) -> Result<Vec<(Picture, String)>, GradeError> {
    let course: &Course = session.course;
    let mut stale = Vec::new();
    for lesson in &course.lessons {
        for picture in of(lesson)? {
            let drawn = draw(session, lesson, &picture)?;
            let written = std::fs::read_to_string(course.root.join(&picture.file)).ok();
            if written.as_deref() != Some(drawn.as_str()) {
                stale.push((picture, drawn));
            }
        }
    }
    Ok(stale)
}

/// The timeline of a log that a scenario's program has written.
///
/// # Errors
///
/// [`GradeError::Fault`] if it is not one of this version's.
pub fn timeline(log: &str, sources: &Sources) -> Result<Timeline, GradeError> {
    let log = Log::parse(log).map_err(|error| GradeError::Fault(error.to_string()))?;
    Ok(Timeline::new(&log, sources))
}
