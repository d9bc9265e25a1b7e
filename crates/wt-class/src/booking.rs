//! From the journal's entries and the rules to a gradebook.

use std::collections::HashMap;

use jiff::Timestamp;
use wt_formats::Points;
use wt_grader::{Course, Lesson, Word};

use crate::book::{Book, Property, Row};
use crate::identity::Identity;
use crate::journal::Entry;
use crate::rules::{Late, Override, rounded};

/// The rules of a class.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// What is late, if anything is.
    pub late: Option<Late>,
    /// By submission or learner.
    pub times: HashMap<String, Timestamp>,
    /// By submission or learner.
    pub overrides: HashMap<String, Override>,
}

/// The gradebook of the submissions that have an entry.
#[must_use]
pub fn book(
    course: &Course,
    lesson: &Lesson,
    identity: &Identity,
    rules: &Rules,
    graded: &[Entry],
) -> Book {
    let mut words = Vec::new();
    words.extend(rules.late.map(|late| late.words()));
    if !rules.overrides.is_empty() {
        words.push("some points were set by hand; the note says why".into());
    }
    let mut rows: Vec<Row> = graded
        .iter()
        .map(|entry| row(lesson, rules, entry))
        .collect();
    rows.sort_by(|a, b| a.submission.cmp(&b.submission));
    Book {
        course: course.title.clone(),
        number: lesson.number,
        lesson: lesson.folder.clone(),
        title: lesson.title.clone(),
        checks: lesson
            .checks
            .iter()
            .map(|spec| Property {
                id: spec.id.clone(),
                claim: spec.claim.clone(),
                points: spec.points,
            })
            .collect(),
        compiler: identity.compiler.clone(),
        rules: words,
        defences: identity.defences.clone(),
        missing: identity.missing.clone(),
        rows,
    }
}

fn row(lesson: &Lesson, rules: &Rules, entry: &Entry) -> Row {
    let points: Points = lesson
        .checks
        .iter()
        .zip(&entry.verdicts)
        .map(|(spec, verdict)| Points::of(verdict.word(), spec.points))
        .sum();
    // What nobody could judge is not lost.
    let earned = f64::from(points.possible - points.lost);
    let by_name = |name: &str| rules.times.get(name).copied();
    let handed_in = by_name(&entry.submission)
        .or_else(|| by_name(&entry.learner))
        .or_else(|| entry.handed_in.parse().ok());
    let late = match (rules.late, handed_in) {
        (Some(rule), Some(time)) => rule.cost(earned, time),
        _ => 0.0,
    };
    let decided = rules
        .overrides
        .get(&entry.submission)
        .or_else(|| rules.overrides.get(&entry.learner));
    let mut notes = Vec::new();
    if late > 0.0 {
        notes.push(String::from("late"));
    }
    if rules.late.is_some() && handed_in.is_none() {
        notes.push("nobody knows when it was handed in: counted as in time".into());
    }
    if points.not_judged > 0 {
        notes.push(format!(
            "{} points could not be judged, and are given",
            points.not_judged
        ));
    }
    if entry.outcome == Word::GraderFault.text() {
        notes.push("the grader broke: grade it again".into());
    }
    if let Some(decided) = decided {
        notes.push(format!("set by hand: {}", decided.why));
    }
    Row {
        submission: entry.submission.clone(),
        learner: entry.learner.clone(),
        duplicate: entry.duplicate,
        source: entry.source.clone(),
        outcome: entry.outcome.clone(),
        said: entry.said.clone(),
        verdicts: entry.verdicts.clone(),
        handed_in: handed_in.map(|time| time.to_string()).unwrap_or_default(),
        earned,
        late,
        points: decided.map_or(rounded(earned - late), |decided| decided.points),
        possible: points.possible,
        note: notes.join("; "),
    }
}
