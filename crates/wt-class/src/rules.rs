//! What turns verdicts into points: what is late, and what an instructor has decided.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use wt_grader::GradeError;

/// From when on a submission is late, and what that costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Late {
    /// The last moment that is not late.
    pub deadline: Timestamp,
    /// Percent of the earned points that each begun day costs.
    pub percent: f64,
    /// After so many days nothing is left; `None` for no such day.
    pub days: Option<u32>,
}

const DAY: i64 = 24 * 60 * 60;

impl Late {
    /// What is taken off `earned`.
    #[must_use]
    pub fn cost(&self, earned: f64, handed_in: Timestamp) -> f64 {
        let seconds = handed_in.as_second() - self.deadline.as_second();
        if seconds <= 0 {
            return 0.0;
        }
        let days = (seconds + DAY - 1) / DAY;
        let is_over = self.days.is_some_and(|most| days > i64::from(most));
        let share = match is_over {
            true => 1.0,
            // No class lasts so long that a day is lost in a float.
            false => (days as f64 * self.percent / 100.0).min(1.0),
        };
        rounded(earned * share)
    }

    /// The rule in words.
    #[must_use]
    pub fn words(&self) -> String {
        let end = match self.days {
            Some(days) => format!("; after {days} days nothing counts"),
            None => String::new(),
        };
        format!(
            "after {} each begun day costs {} % of the points{end}",
            self.deadline, self.percent
        )
    }
}

/// To a hundredth of a point.
#[must_use]
pub fn rounded(points: f64) -> f64 {
    (points * 100.0).round() / 100.0
}

/// What an instructor has decided for one submission.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// What counts.
    pub points: f64,
    /// For the learner.
    pub why: String,
}

/// Reads a table `submission,points,why`; a learner's name does as well as a submission's.
///
/// # Errors
///
/// [`GradeError::Usage`] names the file and the line.
pub fn overrides(path: &Path) -> Result<HashMap<String, Override>, GradeError> {
    let mut all = HashMap::new();
    for (line, record) in records(path, &["submission", "points", "why"])? {
        let points: f64 = record[1].trim().parse().map_err(|_| {
            bad(
                path,
                line,
                &format!("`{}` is no number of points", &record[1]),
            )
        })?;
        if !points.is_finite() {
            return Err(bad(path, line, "points have an end"));
        }
        let name = record[0].trim().to_owned();
        let decided = Override {
            points,
            why: record[2].trim().to_owned(),
        };
        if all.insert(name, decided).is_some() {
            let why = format!("`{}` is there twice", &record[0]);
            return Err(bad(path, line, &why));
        }
    }
    Ok(all)
}

/// Reads a table `submission,time`; a learner's name does as well as a submission's. Times
/// have a zone, as in `2026-11-20T18:00:00+01:00`.
///
/// # Errors
///
/// [`GradeError::Usage`] names the file and the line.
pub fn times(path: &Path) -> Result<HashMap<String, Timestamp>, GradeError> {
    let mut all = HashMap::new();
    for (line, record) in records(path, &["submission", "time"])? {
        let time = moment(record[1].trim())
            .map_err(|_| bad(path, line, &format!("`{}` is no time", &record[1])))?;
        all.insert(record[0].trim().to_owned(), time);
    }
    Ok(all)
}

/// A moment with its zone.
///
/// # Errors
///
/// [`GradeError::Usage`] shows how one is written.
pub fn moment(text: &str) -> Result<Timestamp, GradeError> {
    text.parse().map_err(|_| {
        GradeError::Usage(format!(
            "`{text}` is no time with its zone; write it as in `2026-11-20T23:59:00+01:00`"
        ))
    })
}

fn records(path: &Path, columns: &[&str]) -> Result<Vec<(u64, csv::StringRecord)>, GradeError> {
    let fail = |error: csv::Error| GradeError::Usage(format!("`{}`: {error}", path.display()));
    let mut reader = csv::ReaderBuilder::new().from_path(path).map_err(fail)?;
    let head = reader.headers().map_err(fail)?;
    if head.iter().map(str::trim).ne(columns.iter().copied()) {
        return Err(GradeError::Usage(format!(
            "`{}`: its first line must be `{}`",
            path.display(),
            columns.join(",")
        )));
    }
    reader
        .records()
        .map(|record| {
            let record = record.map_err(fail)?;
            let line = record.position().map_or(0, csv::Position::line);
            Ok((line, record))
        })
        .collect()
}

fn bad(path: &Path, line: u64, why: &str) -> GradeError {
    GradeError::Usage(format!("`{}`, line {line}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_begun_day_costs_its_share_until_nothing_is_left() {
        let rule = Late {
            deadline: "2026-11-20T23:59:00Z".parse().unwrap(),
            percent: 10.0,
            days: Some(3),
        };
        let cost = |time: &str| rule.cost(20.0, moment(time).unwrap());
        assert_eq!(cost("2026-11-20T23:59:00Z"), 0.0);
        assert_eq!(cost("2026-11-21T00:59:00+01:00"), 0.0);
        assert_eq!(cost("2026-11-20T23:59:01Z"), 2.0);
        assert_eq!(cost("2026-11-22T23:59:00Z"), 4.0);
        assert_eq!(cost("2026-11-23T23:59:00Z"), 6.0);
        assert_eq!(cost("2026-11-23T23:59:01Z"), 20.0);
        assert!(moment("2026-11-20 23:59").is_err());
    }

    #[test]
    fn a_table_is_read_and_what_is_wrong_in_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            overrides(&path)
        };
        let all = read("submission,points,why\nada,12.5,\"oral exam, passed\"\n").unwrap();
        assert_eq!(all["ada"].points, 12.5);
        assert_eq!(all["ada"].why, "oral exam, passed");
        for (text, said) in [
            (
                "submission,points,why\nada,many,x\n",
                "line 2: `many` is no number",
            ),
            (
                "submission,points,why\na,1,x\na,2,x\n",
                "line 3: `a` is there twice",
            ),
            ("who,points,why\n", "first line must be"),
            ("submission,points,why\na,NaN,x\n", "have an end"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
