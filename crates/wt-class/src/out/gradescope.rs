//! A `results.json` for each submission, as Gradescope's autograder specification wants it:
//! <https://gradescope-autograders.readthedocs.io/en/latest/specs/>.

use serde_json::{Value, json};
use wt_formats::Points;
use wt_grader::Word;

use crate::book::{Book, CheckVerdict, Property, Row};

/// The document of one submission.
#[must_use]
pub fn results(book: &Book, row: &Row) -> String {
    let tests: Vec<Value> = book
        .checks
        .iter()
        .zip(&row.verdicts)
        .enumerate()
        .map(|(n, (check, verdict))| test(book, n + 1, check, verdict))
        .collect();
    let mut output = Vec::new();
    output.extend(
        [row.said.as_str(), row.note.as_str()]
            .iter()
            .filter(|text| !text.is_empty())
            .map(|text| (*text).to_owned()),
    );
    if !book.missing.is_empty() {
        output.push("It was graded on a machine whose jail has gaps.".into());
    }
    let document = json!({
        "score": row.points,
        "output": output.join("\n"),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "course": book.course,
            "lesson": book.lesson,
            "submission": row.submission,
            "source_sha256": row.source,
            "outcome": row.outcome,
            "not_judged": not_judged(book, row),
        },
        "tests": tests,
    });
    format!("{document:#}\n")
}

fn test(book: &Book, n: usize, check: &Property, verdict: &CheckVerdict) -> Value {
    let points = Points::of(verdict.word(), check.points);
    let output = match verdict.word() {
        Word::Pass => String::new(),
        Word::Inconclusive | Word::GraderFault => {
            format!(
                "{}: {}\nThis costs no points.\n",
                verdict.word, verdict.what
            )
        }
        _ => format!(
            "{}: {}\nwhere: {}\nnext: {}\n",
            verdict.word, verdict.what, verdict.place, verdict.ask
        ),
    };
    json!({
        "number": format!("{}.{n}", book.number),
        "name": check.claim,
        "name_format": "text",
        "score": points.possible - points.lost,
        "max_score": points.possible,
        "status": if points.lost > 0 { "failed" } else { "passed" },
        "output": output,
        "output_format": "text",
        "visibility": "visible",
        "extra_data": { "check": check.id, "verdict": verdict.word, "tier": verdict.tier },
    })
}

/// The checks whose points are given because nobody could judge them.
fn not_judged<'b>(book: &'b Book, row: &Row) -> Vec<&'b str> {
    let pairs = book.checks.iter().zip(&row.verdicts);
    pairs
        .filter(|(_, verdict)| matches!(verdict.word(), Word::Inconclusive | Word::GraderFault))
        .map(|(check, _)| check.id.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::out::tests::hostile;

    #[test]
    fn what_nobody_could_judge_is_given_and_named() {
        let book = hostile();
        let document: Value = serde_json::from_str(&results(&book, &book.rows[1])).unwrap();
        assert_eq!(document["score"], 2.5);
        assert_eq!(document["tests"][0]["score"], 3);
        assert_eq!(document["tests"][0]["status"], "passed");
        assert_eq!(document["extra_data"]["not_judged"][1], "pop_waits");
        assert!(document["output"].as_str().unwrap().contains("gaps"));
        let failed: Value = serde_json::from_str(&results(&book, &book.rows[2])).unwrap();
        assert_eq!(failed["tests"][1]["score"], 0);
        assert_eq!(failed["tests"][1]["status"], "failed");
    }
}
