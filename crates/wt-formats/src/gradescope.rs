//! `results.json`, as Gradescope's autograder specification wants it:
//! <https://gradescope-autograders.readthedocs.io/en/latest/specs/>.

use serde_json::{Value, json};
use wt_grader::report::{self, Style};
use wt_grader::session::{CheckResult, Outcome};
use wt_grader::{LessonReport, Word};

use crate::graded::{Graded, costs, results};
use crate::points::Points;
use crate::text::{cut, plain};

/// The most bytes of one text: a page shows no more in a useful way.
const SHOWN: usize = 16 << 10;

/// The document; `None` if the grader broke, so that Gradescope reports a failed
/// autograder instead of a score.
///
/// A sum of scores is all that Gradescope has, so points that nobody could judge
/// are given, and `extra_data` names the checks for an instructor.
#[must_use]
pub fn document(graded: &Graded) -> Option<String> {
    if graded.error.is_some() {
        return None;
    }
    let tests: Vec<Value> = graded
        .reports
        .iter()
        .flat_map(|report| {
            let results = results(report).into_owned();
            let numbered = results.into_iter().enumerate();
            numbered.map(move |(n, result)| test(report, n + 1, &result))
        })
        .collect();
    let unjudged: Vec<String> = graded.reports.iter().flat_map(unjudged).collect();
    let output: Vec<String> = graded.reports.iter().filter_map(unrun).collect();
    let document = json!({
        "execution_time": graded.took.as_secs() + u64::from(graded.took.subsec_nanos() > 0),
        "output": output.join("\n"),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "course": graded.course,
            "exit_code": graded.exit_code(),
            "not_judged": unjudged,
        },
        "tests": tests,
    });
    Some(format!("{document:#}\n"))
}

fn test(report: &LessonReport, n: usize, result: &CheckResult) -> Value {
    let lesson = &report.lesson;
    let word = result.verdict.word;
    let points = Points::of(word, result.spec.points);
    json!({
        "number": format!("{}.{n}", lesson.number),
        "name": format!("{}: {}", lesson.label(), result.spec.claim),
        "name_format": "text",
        "score": points.possible - points.lost,
        "max_score": points.possible,
        "status": if costs(word) { "failed" } else { "passed" },
        "output": output(report, result),
        "output_format": "text",
        "tags": [lesson.id],
        "visibility": "visible",
        "extra_data": { "check": result.spec.id, "verdict": word.text() },
    })
}

fn output(report: &LessonReport, result: &CheckResult) -> String {
    let was_run = matches!(report.outcome, Outcome::Checked { .. });
    match result.verdict.word {
        Word::Pass => String::new(),
        word if !costs(word) => format!(
            "{word}: {}\nThis costs no points.\n",
            plain(&result.verdict.what)
        ),
        _ if was_run => shown(&report::failure(&report.lesson, result, Style::default())),
        word => format!("{word}: no check was run\n"),
    }
}

/// What kept the checks of a lesson from being run.
fn unrun(report: &LessonReport) -> Option<String> {
    let was_run = matches!(report.outcome, Outcome::Checked { .. });
    (!was_run).then(|| shown(&report::lesson(report, None, Style::default())))
}

fn unjudged(report: &LessonReport) -> Vec<String> {
    results(report)
        .iter()
        .filter(|result| matches!(result.verdict.word, Word::Inconclusive | Word::GraderFault))
        .map(|result| format!("{}/{}", report.lesson.id, result.spec.id))
        .collect()
}

fn shown(text: &str) -> String {
    cut(&plain(text), SHOWN)
}
