//! The scenario of `cargo xtask trace`: it has a title, comes to its end with the
//! reference, under a fixed schedule, and has the same events each time.

use crate::error::GradeError;
use crate::lesson::Lesson;
use crate::session::Session;
use crate::trace::{Pace, Recorded, Whose, record, scenario, title};

pub(super) fn problems(session: &Session<'_>, lesson: &Lesson) -> Result<Vec<String>, GradeError> {
    let path = scenario(lesson);
    let Ok(source) = std::fs::read_to_string(&path) else {
        return Ok(vec!["`trace/scenario.rs` is missing".into()]);
    };
    let mut problems = Vec::new();
    if title(&source).is_empty() {
        problems.push("the first line of `trace/scenario.rs` must be its title, `//! …`".into());
    }
    let mut logs = Vec::new();
    for _ in 0..2 {
        match record(session, lesson, &Whose::Reference, Pace::Fixed)? {
            Recorded::Log(log, _) => {
                if let Some(why) = not_done(&log) {
                    problems.push(format!(
                        "it does not come to its end with the reference: {why}"
                    ));
                    return Ok(problems);
                }
                logs.push(log);
            }
            Recorded::Rejected(rejected) => return Ok(vec![session.shown(rejected).to_string()]),
            Recorded::DoesNotCompile(said) => {
                problems.push(format!("it does not build:\n{}", said.rendered));
                return Ok(problems);
            }
            Recorded::GaveUp(why) => {
                problems.push(why);
                return Ok(problems);
            }
        }
    }
    if logs[0] != logs[1] {
        let differs = |(one, other): &(&str, &str)| one != other;
        let pairs = logs[0].lines().zip(logs[1].lines());
        let (one, other) = pairs.clone().find(differs).unwrap_or_default();
        problems.push(format!(
            "its events are not the same each time, so it does something at random: {one:?}, then {other:?}"
        ));
    }
    Ok(problems)
}

/// What the last line of a log says, unless it is that all went well.
fn not_done(log: &str) -> Option<String> {
    let last = log.lines().last().unwrap_or_default();
    let said = last.strip_prefix("outcome\t").unwrap_or(last);
    (!said.starts_with("done\t")).then(|| said.replace('\t', " "))
}
