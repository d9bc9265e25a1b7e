//! One table for a learning management system.

use wt_formats::text::line;

use super::number;
use crate::book::Book;

/// The table: a line per submission, a column per check with its word.
///
/// A cell that a spreadsheet would take for a formula begins with an apostrophe
/// ([OWASP: CSV injection](https://owasp.org/www-community/attacks/CSV_Injection)).
#[must_use]
pub fn table(book: &Book) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut head = vec![
        "learner",
        "submission",
        "points",
        "possible",
        "late",
        "outcome",
    ];
    head.extend(book.checks.iter().map(|check| check.id.as_str()));
    head.extend(["note", "source"]);
    // Nothing can fail that writes to memory.
    let _ = writer.write_record(&head);
    for row in &book.rows {
        let mut cells = vec![
            harmless(&row.learner),
            harmless(&row.submission),
            number(row.points),
            row.possible.to_string(),
            number(row.late),
            row.outcome.clone(),
        ];
        cells.extend(row.verdicts.iter().map(|verdict| verdict.word.clone()));
        let duplicate = row
            .duplicate
            .then_some("this learner has several submissions");
        let notes: Vec<&str> = duplicate
            .into_iter()
            .chain(
                [row.note.as_str()]
                    .into_iter()
                    .filter(|note| !note.is_empty()),
            )
            .collect();
        cells.push(harmless(&notes.join("; ")));
        cells.push(row.source.clone());
        let _ = writer.write_record(&cells);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// In one line, and no formula.
fn harmless(text: &str) -> String {
    let text = line(text);
    match text.starts_with(['=', '+', '-', '@', '\t', '\r', '|', '%']) {
        true => format!("'{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::out::tests::hostile;

    #[test]
    fn a_hostile_name_is_one_harmless_cell() {
        let book = hostile();
        let text = table(&book);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), book.rows.len());
        for row in &rows {
            assert!(!row[0].starts_with(['=', '+', '-', '@']), "{}", &row[0]);
            assert!(!row[0].contains(['\n', '\u{202e}']), "{}", &row[0]);
            assert_eq!((&row[2], &row[3], &row[4]), ("2.5", "4", "0.5"));
        }
        assert_eq!(&rows[0][8], "this learner has several submissions; late");
        assert_eq!((&rows[2][6], &rows[2][7]), ("pass", "deadlock"));
    }
}
