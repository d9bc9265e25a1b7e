//! The course's own JSON. `schema/check.v1.json` describes it.

use serde_json::{Value, json};
use wt_grader::compile::{Diagnostics, HIDDEN};
use wt_grader::session::{CheckResult, Outcome};
use wt_grader::transcript::{Place, Thread};
use wt_grader::verdict::Verdict;
use wt_grader::{GradeError, LessonReport, explain};

use crate::graded::{Graded, State, first_place, results};
use crate::points::Points;
use crate::text::plain;

/// The name of the schema, which every document carries.
pub const SCHEMA: &str = "worker-threads-course/check";
/// Its version. A new field does not change it; anything else does.
pub const VERSION: u32 = 1;

/// One document for all lessons.
#[must_use]
pub fn document(graded: &Graded) -> String {
    let lessons: Vec<Value> = graded.reports.iter().map(lesson).collect();
    let document = json!({
        "schema": SCHEMA,
        "version": VERSION,
        "course": graded.course,
        "exit_code": graded.exit_code(),
        "points": points(graded.points()),
        "took_ms": millis(graded.took),
        "error": graded.error.as_ref().map(error),
        "lessons": lessons,
    });
    format!("{document:#}\n")
}

fn lesson(report: &LessonReport) -> Value {
    let lesson = &report.lesson;
    let checks: Vec<Value> = results(report)
        .iter()
        .map(|result| check(report, result))
        .collect();
    json!({
        "id": lesson.id,
        "number": lesson.number,
        "name": lesson.idea,
        "folder": lesson.folder,
        "title": lesson.title,
        "state": State::of(report).text(),
        "points": points(Points::of_lesson(report)),
        "outcome": outcome(report),
        "checks": checks,
    })
}

fn outcome(report: &LessonReport) -> Value {
    match &report.outcome {
        Outcome::Rejected(rejected) => json!({
            "kind": "rejected",
            "file": plain(&rejected.file.to_string_lossy()),
            "why": plain(&rejected.why),
        }),
        Outcome::DidNotCompile(said) => diagnostics("did not compile", report, said),
        Outcome::DoesNotFit(said) => diagnostics("does not fit", report, said),
        Outcome::GaveUp(why) => json!({ "kind": "compiler gave up", "why": plain(why) }),
        Outcome::Checked { warnings, .. } => {
            json!({ "kind": "checked", "warnings": plain(warnings) })
        }
    }
}

fn diagnostics(kind: &str, report: &LessonReport, said: &Diagnostics) -> Value {
    let explained: Vec<Value> = said
        .codes
        .iter()
        .filter_map(|code| Some((code, explain::sentence(code, &said.rendered)?)))
        .map(|(code, sentence)| json!({ "code": plain(code), "sentence": sentence }))
        .collect();
    json!({
        "kind": kind,
        "codes": said.codes.iter().map(|code| plain(code)).collect::<Vec<_>>(),
        "rendered": plain(&said.rendered),
        "place": first_place(report, &said.rendered).as_ref().map(place),
        "explained": explained,
    })
}

fn check(report: &LessonReport, result: &CheckResult) -> Value {
    let verdict = &result.verdict;
    let was_run = matches!(report.outcome, Outcome::Checked { .. });
    let threads = |each| thread(report, each);
    json!({
        "id": result.spec.id,
        "claim": result.spec.claim,
        "verdict": verdict.word.text(),
        "tier": was_run.then(|| verdict.tier.to_string()),
        "what": plain(&verdict.what),
        "place": result.place.as_ref().map(place),
        "look_at": result.spec.look_at,
        "ask": result.spec.ask,
        "hint": result.hint,
        "threads": verdict.threads.iter().map(threads).collect::<Vec<_>>(),
        "steps": verdict.steps.iter().map(|step| plain(step)).collect::<Vec<_>>(),
        "notes": verdict.notes.iter().map(|note| plain(note)).collect::<Vec<_>>(),
        "explored": explored(verdict),
        "output": plain(&verdict.output),
        "took_ms": millis(verdict.took),
        "points": points(Points::of(verdict.word, result.spec.points)),
    })
}

/// What an exploration tried, and the code of the schedule that went wrong.
fn explored(verdict: &Verdict) -> Option<Value> {
    let count = verdict.count?;
    let code = verdict.schedule.as_ref().map(|schedule| &schedule.code);
    Some(json!({
        "tried": count.tried,
        "distinct": count.distinct,
        "complete": count.complete,
        "code": code,
    }))
}

/// The frames are those of the learner's code and of the check: the others name
/// files of this machine.
fn thread(report: &LessonReport, thread: &Thread) -> Value {
    let own = report.lesson.source_prefix();
    let frames: Vec<Value> = thread
        .frames
        .iter()
        .filter(|frame| {
            [&own, HIDDEN]
                .iter()
                .any(|root| frame.place.file.starts_with(root))
        })
        .map(|frame| {
            json!({
                "function": plain(&frame.function),
                "file": plain(&frame.place.file),
                "line": frame.place.line,
            })
        })
        .collect();
    let waits_for = (!thread.waits_for.is_empty()).then(|| plain(&thread.waits_for));
    json!({
        "name": plain(&thread.name),
        "state": plain(&thread.state),
        "waits_for": waits_for,
        "frames": frames,
    })
}

fn place(place: &Place) -> Value {
    json!({ "file": plain(&place.file), "line": place.line })
}

fn points(points: Points) -> Value {
    json!({
        "possible": points.possible,
        "earned": points.earned,
        "lost": points.lost,
        "not_judged": points.not_judged,
    })
}

fn error(error: &GradeError) -> Value {
    let kind = match error {
        GradeError::Course(_) => "course",
        _ => "fault",
    };
    json!({ "kind": kind, "text": plain(&error.to_string()) })
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
